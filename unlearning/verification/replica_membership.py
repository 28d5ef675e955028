"""Membership inference with power for one record: many models with it, many without.

A single model can say little about a single record, because chance moves a record's score from
one training to the next. So N models are trained with the records and then unlearned, and 2N are
trained without them, all from different seeds; a record whose scores differ between the two is
still known (U-LiRA: Hayes et al. 2024, arXiv:2403.01218, after Carlini et al. 2022,
arXiv:2112.03570). The score is the logit ``log p_y - log(1 - p_y)`` of the record's own class.

Two attacks look at each record, both from the point of view of somebody who holds all the models:

* *threshold*: the area under the ROC curve (AUC) of the score, with DeLong's interval. 0.5 is
  guessing; on either side of it the models can be told apart.
* *likelihood ratio*: one Gaussian a group, fitted without the model that is guessed, and the
  likelier group named. Its balanced accuracy has the interval of Agresti and Caffo (2000, The
  American Statistician 54). It also finds scores with the same middle but another spread.

The control attacks N of the models that never saw the records against the other N in the same way:
there is nothing to find, so it shows what chance does.

Decision rule:

* fewer than :data:`MINIMUM` models a group: ``inconclusive``;
* the control finds something: ``inconclusive``, because the attack finds what is not there;
* ``passed`` when every record was found before the method, and now the whole 95% interval of its
  AUC lies within 0.5 ± :data:`BAND` and that of the accuracy below 0.5 + :data:`BAND`. Every
  record has to pass, so no correction is needed (Berger 1982, Technometrics 24). The band is wide
  because 32 against 64 models carry an interval of about ± 0.12; "within ± 0.2 of guessing" is all
  that is said then, and smaller differences are not ruled out. A record that no attack finds in
  untreated models shows nothing about the method, because the attack has no power there;
* ``failed`` when an attack on some record finds something and that record has not passed;
* otherwise ``inconclusive``: not established.

An attack *finds something* when guessing is rejected: the AUC on either side (Mann and Whitney
1947), the accuracy upwards, at a level of 5% for all tests together (Bonferroni: two attacks on
every record).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from unlearning.verification import Finding, Outcome
from unlearning.verification.replica_attacks import BAND, GUESSING, LEVEL, Attacks, Scores
from unlearning.verification.wording import counted

#: Fewer models a group than this establish nothing.
MINIMUM = 32


@dataclass(frozen=True, kw_only=True)
class Groups:
    """Scores of the forgotten records under the models of each group, shape ``(N, records)``."""

    #: Trained with the records, not unlearned.
    trained: Scores
    #: The same models, unlearned.
    unlearned: Scores
    #: Trained without the records.
    retrained: Scores
    #: Trained without the records, once more.
    control: Scores

    @property
    def smallest(self) -> int:
        """Models of the smallest group."""
        return min(len(group) for group in (self.unlearned, self.retrained, self.control))


def replica_finding(groups: Groups) -> Finding:
    """Attack every record and judge by the rule of this module.

    Returns:
        The finding; its payload names records by position only.
    """
    if groups.smallest < MINIMUM:
        return Finding(
            kind="replica_membership",
            outcome="inconclusive",
            summary=(
                f"Not established: {counted(groups.smallest, 'model')} a group, at least {MINIMUM} "
                "are needed."
            ),
            payload={"replicas": groups.smallest, "minimum": MINIMUM},
        )
    clean = np.concatenate([groups.retrained, groups.control])
    records = range(groups.unlearned.shape[1])
    before = [Attacks.on(groups.trained[:, at], clean[:, at]) for at in records]
    after = [Attacks.on(groups.unlearned[:, at], clean[:, at]) for at in records]
    control = [Attacks.on(groups.retrained[:, at], groups.control[:, at]) for at in records]
    outcome, sentence = _judge(before, after, control)
    worst = max(after, key=lambda found: abs(found.auc.value - GUESSING)).auc
    low, high = worst.interval()
    return Finding(
        kind="replica_membership",
        outcome=outcome,
        summary=(
            f"{sentence} {groups.smallest} models a group; worst AUC {worst.value:.3f} "
            f"({low:.3f} to {high:.3f}), control {_worst(control):.3f}, before the method "
            f"{_worst(before):.3f}."
        ),
        payload={
            "replicas": groups.smallest,
            "band": BAND,
            "level": LEVEL,
            "level_of_one_test": LEVEL / (2 * len(after)),
            # "reference" is the control: models without the records against models without them.
            "records": {
                str(at + 1): {
                    "before": before[at].to_json(),
                    "after": after[at].to_json(),
                    "reference": control[at].to_json(),
                }
                for at in records
            },
        },
    )


def _judge(
    before: Sequence[Attacks], after: Sequence[Attacks], control: Sequence[Attacks]
) -> tuple[Outcome, str]:
    """Outcome and sentence, by the rule of this module."""
    level = LEVEL / (2 * len(after))
    if any(found.find_something(level=level) for found in control):
        return "inconclusive", "Not established: the attack finds something in the control too."
    told = [
        found for found in after if found.find_something(level=level) and not found.stay_in_band
    ]
    if told:
        return "failed", f"{counted(len(told), 'record')} of {len(after)} can still be told."
    blind = sum(not found.find_something(level=level) for found in before)
    if blind:
        return "inconclusive", (
            f"Not established: no attack finds {counted(blind, 'record')} of {len(before)} in "
            "untreated models either, so it shows nothing."
        )
    if all(found.stay_in_band for found in after):
        return "passed", (
            f"On each record ({len(after)}) every attack stays within ±{BAND} of guessing."
        )
    return "inconclusive", "Not established: the interval is too wide to tell."


def _worst(attacks: Sequence[Attacks]) -> float:
    return max((found.auc.value for found in attacks), key=lambda value: abs(value - GUESSING))
