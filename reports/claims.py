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

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field

from reports.rules import RULES, Rule, Verb

#: Strongest first; the last one that occurs is what the report as a whole may say.
STRENGTH: tuple[str, ...] = (
    Verb.INFLUENCE_REMOVED,
    Verb.DELETED,
    Verb.REMOVED_FROM_INDEX,
    Verb.APPLIED,
    Verb.APPLIED_UNPROVEN,
    Verb.SUPPRESSED,
    Verb.NOT_ESTABLISHED,
)
REMOVAL_VERBS = frozenset({Verb.INFLUENCE_REMOVED, Verb.DELETED, Verb.REMOVED_FROM_INDEX})


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
    missing = _unmet(action, rule.required_for(action.artifact_kind))
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


def headline(claims: Sequence[Claim], *, complete: bool, datasets_examined: int) -> str:
    """Say in one paragraph what was removed and what was only reduced or suppressed.

    Args:
        claims: Every claim of the report.
        complete: Whether the trace met no gap that could hide an affected artifact.
        datasets_examined: How many indexed dataset versions the trace looked into.
    """
    if not claims:
        noun = "version" if datasets_examined == 1 else "versions"
        first = f"No records found in the {datasets_examined} indexed dataset {noun} examined."
        return first if complete else f"{first} {INCOMPLETE}"
    parts = [_opening(claims, complete=complete)]
    parts += [sentence for verb in STRENGTH if (sentence := _about(verb, claims))]
    if not complete:
        parts.append(INCOMPLETE)
    return " ".join(parts)


def weakest_verb(claims: Iterable[Claim]) -> str:
    """The verb that caps the report; "not established" when there is no claim."""
    ranks = [STRENGTH.index(claim.verb) for claim in claims]
    return STRENGTH[max(ranks)] if ranks else Verb.NOT_ESTABLISHED


INCOMPLETE = "The lineage has gaps, so further artifacts may hold the records."

#: How the headline groups the claims of one verb.
HEADLINE_PHRASES: dict[str, str] = {
    Verb.INFLUENCE_REMOVED: "Influence removed by retraining without the records: {names}.",
    Verb.DELETED: "Records deleted from: {names}.",
    Verb.REMOVED_FROM_INDEX: "Vectors removed from: {names}.",
    Verb.APPLIED: "Influence only reduced, by an approximate procedure: {names}.",
    Verb.APPLIED_UNPROVEN: (
        "Influence at best reduced, by an approximate procedure whose effect is not established:"
        " {names}."
    ),
    Verb.SUPPRESSED: "Outputs only suppressed, for the stated period: {names}.",
    Verb.NOT_ESTABLISHED: "Not established: {names}.",
}


def _opening(claims: Sequence[Claim], *, complete: bool) -> str:
    if any(claim.verb not in REMOVAL_VERBS for claim in claims):
        return "Not everything was removed."
    if complete:
        return "Every affected artifact that the trace found was treated by removal."
    return "The affected artifacts that the trace could find were treated by removal."


def _about(verb: str, claims: Sequence[Claim]) -> str:
    names = [
        f"{claim.artifact} ({KIND_WORDS.get(claim.kind, claim.kind)})"
        for claim in claims
        if claim.verb == verb
    ]
    return HEADLINE_PHRASES[verb].format(names=", ".join(names)) if names else ""


#: Artifact kinds in the words that a reader knows.
KIND_WORDS: dict[str, str] = {
    "segment": "segment",
    "dataset_version": "dataset version",
    "checkpoint": "model",
    "fine_tune": "fine-tuned model",
    "embedding_index": "index",
    "product": "product",
}


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
    duplicates = [item.summary for item in action.evidence if item.kind == "duplicates_checked"]
    return (*general, *dict.fromkeys([*open_points, *duplicates]))


def _fill(sentence: str, action: Action) -> str:
    return sentence.format(
        name=action.artifact_name,
        old=action.artifact_digest or "without digest",
        new=action.new_digest or "without digest",
        place=action.place or action.artifact_name,
        period=action.period or "for a period that is not recorded",
    )
