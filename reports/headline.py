"""The one paragraph that stands above a report, and the verb that caps it."""

from collections.abc import Iterable, Sequence

from governance.wording import kind_name, lower_first
from reports.claims import Claim
from reports.verbs import REMOVAL_VERBS, STRENGTH, Verb

INCOMPLETE = "The lineage has gaps, so further artifacts may hold the records."

#: How the headline groups the claims of one verb.
HEADLINE_PHRASES: dict[str, str] = {
    Verb.INFLUENCE_REMOVED: "Influence removed by retraining without the records: {names}.",
    Verb.REGENERATED: "Regenerated without the records: {names}.",
    Verb.DELETED: "Records deleted from: {names}.",
    Verb.DESTROYED: "Destroyed in the listed locations: {names}.",
    Verb.REMOVED_FROM_INDEX: "Vectors removed from: {names}.",
    Verb.APPLIED: (
        "Only an unlearning procedure applied, with its tests within the listed bounds: {names}."
    ),
    Verb.APPLIED_UNPROVEN: (
        "Only an unlearning procedure applied, its effect not established: {names}."
    ),
    Verb.SUPPRESSED: "Outputs only suppressed, for the stated period: {names}.",
    Verb.NOTIFIED: "Only notified, and the notice acknowledged: {names}.",
    Verb.NOTIFIED_UNANSWERED: "Only notified, and the notice not acknowledged: {names}.",
    Verb.NOT_ESTABLISHED: "Not established: {names}.",
}


def headline(claims: Sequence[Claim], *, complete: bool, datasets_examined: int) -> str:
    """Say in one paragraph what was removed, and what was only applied, suppressed or notified.

    Args:
        claims: Every claim of the report.
        complete: Whether the trace met no gap that could hide an affected artifact.
        datasets_examined: How many indexed data sets the trace looked into.
    """
    if not claims:
        noun = "set" if datasets_examined == 1 else "sets"
        first = f"No records found in the {datasets_examined} indexed data {noun} examined."
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


def _opening(claims: Sequence[Claim], *, complete: bool) -> str:
    if any(claim.verb not in REMOVAL_VERBS for claim in claims):
        return "Not everything was removed."
    if complete:
        return "Every affected artifact that the trace found was treated by removal."
    return "The affected artifacts that the trace could find were treated by removal."


def _about(verb: str, claims: Sequence[Claim]) -> str:
    names = [
        f"{claim.artifact} ({lower_first(kind_name(claim.kind))})"
        for claim in claims
        if claim.verb == verb
    ]
    return HEADLINE_PHRASES[verb].format(names=", ".join(names)) if names else ""
