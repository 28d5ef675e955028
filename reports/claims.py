"""What may be said about each artifact, by rule, from the method that ran and the evidence it left.

Seven rules hold:

1. A claim is an object; prose is rendered only from claims.
2. The weakest affected artifact caps the headline.
3. Evidence that is missing, failed or inconclusive means "not established".
4. A digest that descends from a treated one inherits nothing.
5. A job that was dispatched is no evidence of effect.
6. New weights or a new index make a claim stale: it names the digest it holds for.
7. Every rendering is linted for words that its claims do not carry (``reports.lint``).

The guarantee class comes from the algorithm and the recorded run, never from a metric
(Thudi et al. 2022, arXiv:2110.11891); a metric can only weaken a claim.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field

from reports.rules import RULES, Rule
from reports.verbs import Verb

#: Shows that the version before the treated one is gone from the listed locations.
SUPERSEDED_EVIDENCE = "superseded_destroyed"


@dataclass(frozen=True, kw_only=True)
class EvidenceItem:
    """One finding as a claim cites it."""

    #: A key of ``unlearning.verification.EVIDENCE_KINDS``.
    kind: str
    #: ``passed``, ``failed`` or ``inconclusive``.
    outcome: str
    summary: str
    #: SHA-256 of the canonical payload, in hex.
    digest: str


@dataclass(frozen=True, kw_only=True)
class Action:
    """What was done to one artifact; the whole input of its claim."""

    artifact_kind: str
    artifact_name: str
    #: Digest before the action; empty where the artifact has none.
    artifact_digest: str = ""
    #: Digest after the action; empty where nothing new was made.
    new_digest: str = ""
    #: A key of ``RULES``; empty where no step treated the artifact.
    method: str = ""
    guarantee_class: str = ""
    #: Whether the run itself is on record (an isolated process with code, seed, environment).
    run_recorded: bool = False
    evidence: tuple[EvidenceItem, ...] = ()
    #: The store, index or endpoint where it happened.
    place: str = ""
    #: When it held, for actions that end again.
    period: str = ""
    #: Names of the affected models and synthetic datasets that it was made from.
    inherits: tuple[str, ...] = ()
    #: How many rows of other data subjects, with the same content, the new training kept.
    same_content: int = 0
    #: How many rows that say the same as the records nobody had decided upon when it was planned.
    undecided_duplicates: int = 0
    #: Influences under which the trace after the work still finds the artifact or its successor.
    found_again: tuple[str, ...] = ()
    #: Why no step treated the artifact; empty where one did.
    untreated_because: str = ""


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One sentence that the report may say, and everything it rests on."""

    #: The artifact's name.
    artifact: str
    kind: str
    #: The digest the claim holds for; other digests inherit nothing.
    digest: str
    verb: str
    guarantee_class: str
    sentence: str
    evidence: tuple[EvidenceItem, ...] = ()
    assumptions: tuple[str, ...] = ()
    limits: tuple[str, ...] = field(default=())

    def to_json(self) -> dict[str, object]:
        """Give the claim as JSON values."""
        return {
            **asdict(self),
            "evidence": [asdict(item) for item in self.evidence],
            "assumptions": list(self.assumptions),
            "limits": list(self.limits),
        }


def derive_claim(action: Action) -> Claim:
    """Derive the one claim that an action and its evidence carry.

    Args:
        action: What was done to the artifact, with every finding about it.

    Returns:
        The strongest claim that the rule of the method allows; "not established" where the
        method is unknown, the run is not on record, or evidence is missing or did not pass.
    """
    rule = RULES.get(action.method)
    if rule is None:
        return _not_established(action, action.untreated_because or "No step treated it.")
    missing = _unmet(action, rule.required_for(action.inherits))
    if missing or not action.run_recorded or (rule.makes_new_digest and not action.new_digest):
        reasons = missing or ("the run or its result",)
        return _not_established(action, f"Evidence is missing for: {', '.join(reasons)}.", rule)
    undone = [name for name in action.found_again if name in rule.undone_by]
    if undone:
        reason = f"The trace after the work still finds the records here: {', '.join(undone)}."
        return _not_established(action, reason, rule)
    unproven = bool(_unmet(action, rule.effect))
    return Claim(
        artifact=action.artifact_name,
        kind=action.artifact_kind,
        digest=action.new_digest or action.artifact_digest,
        verb=rule.unproven_verb if unproven else rule.verb,
        guarantee_class=rule.guarantee_class,
        sentence=_fill(rule.unproven_sentence if unproven else rule.sentence, action),
        evidence=action.evidence,
        assumptions=rule.assumptions,
        limits=_limits(action, rule),
    )


def _unmet(action: Action, kinds: Iterable[str]) -> tuple[str, ...]:
    """Kinds of evidence that did not pass, each at least once and without exception."""
    unmet = []
    for kind in kinds:
        outcomes = [item.outcome for item in action.evidence if item.kind == kind]
        if not outcomes or any(outcome != "passed" for outcome in outcomes):
            unmet.append(kind)
    return tuple(unmet)


def _not_established(action: Action, reason: str, rule: Rule | None = None) -> Claim:
    return Claim(
        artifact=action.artifact_name,
        kind=action.artifact_kind,
        digest=action.artifact_digest,
        verb=Verb.NOT_ESTABLISHED,
        guarantee_class="none",
        sentence=f"Not established for {action.artifact_name}.",
        evidence=action.evidence,
        assumptions=(),
        limits=(reason, *_limits(action, rule)),
    )


def _limits(action: Action, rule: Rule | None) -> tuple[str, ...]:
    """Limits of the method, then what each finding that did not pass leaves open."""
    general = rule.limits if rule else ("Nothing is claimed about this artifact.",)
    open_points = [
        f"Check {item.outcome}: {item.summary}"
        for item in action.evidence
        if item.outcome != "passed"
    ]
    return (
        *_superseded(action, rule),
        *general,
        *_same_content(action),
        *_undecided(action),
        *dict.fromkeys(open_points),
    )


def _same_content(action: Action) -> tuple[str, ...]:
    """Rows of others that say the same; silent where the check met none."""
    count = action.same_content
    if not count:
        return ()
    rows = "1 row" if count == 1 else f"{count} rows"
    return (f"{rows} of other data subjects with exactly the same content stayed in use.",)


def _undecided(action: Action) -> tuple[str, ...]:
    """Rows of which it is open whether they are the data subject's; silent where there are none."""
    count = action.undecided_duplicates
    if not count:
        return ()
    rows, stay = ("1 row", "says") if count == 1 else (f"{count} rows", "say")
    open_point = (
        f"{rows} that {stay} the same as the records, or nearly so, stayed in use; whether they"
        " are about the data subject was not decided when the work was planned."
    )
    return (open_point,)


def _superseded(action: Action, rule: Rule | None) -> tuple[str, ...]:
    """What stays open about the version before, where the method leaves one behind."""
    if rule is None or not rule.superseded_kept:
        return ()
    destroyed = not _unmet(action, (SUPERSEDED_EVIDENCE,))
    return (rule.superseded_destroyed if destroyed else rule.superseded_kept,)


def _fill(sentence: str, action: Action) -> str:
    return sentence.format(
        name=action.artifact_name,
        old=action.artifact_digest or "without digest",
        new=action.new_digest or "without digest",
        place=action.place or action.artifact_name,
        period=action.period or "for a period that is not recorded",
    )
