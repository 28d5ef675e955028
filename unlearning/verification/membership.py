"""Loss-based membership inference on the forget set, before, after and on a retrained reference.

The attack guesses that records with a small loss were trained on (Yeom et al. 2018,
arXiv:1709.01604). Its area under the ROC curve (AUC) is the chance that a forgotten record has a
smaller loss than a held-out one: 0.5 is guessing. Intervals are DeLong's (DeLong, DeLong,
Clarke-Pearson 1988, Biometrics 44), at 95%.

It does not show that influence is gone: it can only fail to find it, and it is one weak attack.
Failing to find a difference is no equality either, so "passed" needs the whole interval of the
difference to the reference to lie within a margin (two one-sided tests, Schuirmann 1987), on both
sides: a record that is known unusually badly stands out as much as one known too well.
"""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from unlearning.verification import Finding, Outcome
from unlearning.verification.wording import counted

#: Fewer forgotten records than this establish nothing either way.
MINIMUM_SAMPLE = 30
#: Differences of AUC to the reference up to this count as equal.
MARGIN = 0.05
_Z95 = 1.959964

Losses = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Auc:
    """An area under the ROC curve, or a difference of two, with its 95% interval."""

    value: float
    #: None where a single record leaves nothing to estimate a spread from.
    low: float | None
    high: float | None

    def to_json(self) -> dict[str, float | None]:
        """Return the JSON of this area."""
        return {"auc": self.value, "low": self.low, "high": self.high}

    def __str__(self) -> str:
        if self.low is None or self.high is None:
            return f"{self.value:.3f} (no interval)"
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


@dataclass(frozen=True, kw_only=True)
class Attack:
    """Losses of one model on the forget set and on held-out records."""

    #: Shape ``(m,)``.
    forgotten: Losses
    #: Shape ``(n,)``.
    held_out: Losses


def attack_auc(attack: Attack) -> Auc:
    """Return how well the attack tells forgotten records from held-out ones."""
    return _interval(*_placements(attack))


def auc_difference(first: Attack, second: Attack) -> Auc:
    """Return AUC of ``first`` minus AUC of ``second``, paired: both on the same records."""
    first_rows, first_columns = _placements(first)
    second_rows, second_columns = _placements(second)
    return _interval(first_rows - second_rows, first_columns - second_columns)


def membership_finding(*, before: Attack, after: Attack, reference: Attack | None) -> Finding:
    """Compare the attack on the new model with the attack on one that never saw the records.

    Returns:
        ``inconclusive`` where the forget set is too small, there is no reference, or the interval
        is too wide to tell; ``failed`` where the records stand out more or less than in the
        reference, beyond chance and margin; ``passed`` where they stand out equally.
    """
    count = len(after.forgotten)
    figures = {"before": attack_auc(before), "after": attack_auc(after)}
    if reference is not None:
        figures["reference"] = attack_auc(reference)
    payload: dict[str, object] = {
        "forgotten": count,
        "held_out": len(after.held_out),
        "attack": "loss threshold",
        **{name: figure.to_json() for name, figure in figures.items()},
    }
    if count >= MINIMUM_SAMPLE:
        # The mean over a few records would tell whoever holds the models which records they are.
        payload["mean_loss_forgotten"] = {
            "before": float(before.forgotten.mean()),
            "after": float(after.forgotten.mean()),
            "reference": float(reference.forgotten.mean()) if reference else None,
        }
    numbers = ", ".join(f"{name} {figure}" for name, figure in figures.items())
    if reference is None:
        sentence = f"Not established: there is no retrained reference; AUC {numbers}."
        return _finding("inconclusive", sentence, payload)
    difference = auc_difference(after, reference)
    payload["difference"] = difference.to_json()
    if count < MINIMUM_SAMPLE or difference.low is None:
        sentence = f"Not established: too few to tell ({counted(count, 'record')}); AUC {numbers}."
        return _finding("inconclusive", sentence, payload)
    return _finding(*_judge(difference, numbers), payload)


def _judge(difference: Auc, numbers: str) -> tuple[Outcome, str]:
    """Outcome and sentence for a difference to the reference."""
    low, high = difference.low or 0.0, difference.high or 0.0
    if low >= -MARGIN and high <= MARGIN:
        return "passed", f"The records are recognised as by a retrained model; AUC {numbers}."
    if low > 0:
        return (
            "failed",
            f"The records are still recognised better than by a retrain; AUC {numbers}.",
        )
    if high < 0:
        return (
            "failed",
            f"The records stand out by being known worse than by a retrain; AUC {numbers}.",
        )
    return "inconclusive", f"Not established: the interval is too wide to tell; AUC {numbers}."


def _finding(outcome: Outcome, summary: str, payload: dict[str, object]) -> Finding:
    return Finding(kind="membership_inference", outcome=outcome, summary=summary, payload=payload)


def _placements(attack: Attack) -> tuple[Losses, Losses]:
    """Return, a forgotten record, the share of held-out ones with a larger loss; and converse."""
    return (
        _share_above(attack.forgotten, attack.held_out),
        1.0 - _share_above(attack.held_out, attack.forgotten),
    )


def _share_above(values: Losses, others: Losses) -> Losses:
    ordered = np.sort(others)
    above = len(ordered) - np.searchsorted(ordered, values, side="right")
    equal = len(ordered) - np.searchsorted(ordered, values, side="left") - above
    return np.asarray((above + 0.5 * equal) / len(ordered), dtype=np.float64)


def _interval(rows: Losses, columns: Losses) -> Auc:
    value = float(rows.mean())
    if len(rows) < 2 or len(columns) < 2:  # noqa: PLR2004 - a spread needs two values
        return Auc(value=value, low=None, high=None)
    variance = float(rows.var(ddof=1)) / len(rows) + float(columns.var(ddof=1)) / len(columns)
    half = _Z95 * sqrt(variance)
    return Auc(value=value, low=value - half, high=value + half)
