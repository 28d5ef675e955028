"""Every verb that a claim may use, how strong it is, and what it leaves to live with."""

from enum import StrEnum


class Verb(StrEnum):
    """Every verb that a claim may use."""

    INFLUENCE_REMOVED = "influence removed"
    DELETED = "deleted from"
    REGENERATED = "regenerated without the records"
    DESTROYED = "destroyed"
    REMOVED_FROM_INDEX = "removed from index"
    APPLIED = "unlearning procedure applied"
    APPLIED_UNPROVEN = "unlearning procedure applied, effect not established"
    SUPPRESSED = "suppressed"
    NOTIFIED = "recipient notified and acknowledged"
    NOTIFIED_UNANSWERED = "recipient notified, not acknowledged"
    NOT_ESTABLISHED = "not established"


#: Strongest first; the last one that occurs is what the report as a whole may say.
STRENGTH: tuple[str, ...] = (
    Verb.INFLUENCE_REMOVED,
    Verb.REGENERATED,
    Verb.DELETED,
    Verb.DESTROYED,
    Verb.REMOVED_FROM_INDEX,
    Verb.APPLIED,
    Verb.APPLIED_UNPROVEN,
    Verb.SUPPRESSED,
    Verb.NOTIFIED,
    Verb.NOTIFIED_UNANSWERED,
    Verb.NOT_ESTABLISHED,
)
REMOVAL_VERBS = frozenset(STRENGTH[: STRENGTH.index(Verb.APPLIED)])

#: What each verb leaves to live with, in words for everybody.
RESIDUAL_RISK: dict[str, str] = {
    Verb.INFLUENCE_REMOVED: (
        "The retrained models learned nothing from the records themselves. What other people's"
        " similar rows taught them stays."
    ),
    Verb.REGENERATED: (
        "The new synthetic rows come from a generator that never saw the records; earlier synthetic"
        " rows may have been copied."
    ),
    Verb.DELETED: "The rows are gone from the named files; older copies may exist elsewhere.",
    Verb.DESTROYED: (
        "What was destroyed is gone from the listed locations; copies in other places would remain."
    ),
    Verb.REMOVED_FROM_INDEX: (
        "The index no longer returns the records; its other vectors still come from a model that"
        " was trained with them."
    ),
    Verb.APPLIED: (
        "An approximately treated model may still carry traces of the records that a stronger"
        " test would find."
    ),
    Verb.APPLIED_UNPROVEN: (
        "For an approximately treated model the tests could not show an effect; treat it as if"
        " it still carried the records."
    ),
    Verb.SUPPRESSED: (
        "Suppressed outputs are hidden for the stated period, not gone: whoever holds the model"
        " could still get at what it learned."
    ),
    Verb.NOTIFIED: (
        "A recipient that acknowledged a notice may still hold the records; it answers for its"
        " copy."
    ),
    Verb.NOTIFIED_UNANSWERED: (
        "A recipient that did not acknowledge the notice must be taken to hold the records still."
    ),
    Verb.NOT_ESTABLISHED: (
        "Where nothing is established, assume that the artifact still holds the records or"
        " their influence."
    ),
}
