"""Gaps of any artifact: where its copies lie, whether it is still what was recorded of it."""

from lineage.codes import Trait
from lineage.gaps.found import LOW, Rule, Suspect, Words
from lineage.gaps.knowledge import Knowledge
from lineage.gaps.walk import Mask
from lineage.graph import DATASETS, ROW_HOLDERS

#: How to close the gap of something that was used after it was destroyed.
USED_DATASET = (
    "Find the copy that was read and send an OpenLineage event with it as an output, with its "
    "place: it is in use again then, traces list it, and it can be deleted."
)
USED_MODEL = (
    "Find the copy that was read, log it as a model of its own with what it was trained on, then "
    "capture again: traces list it then, and it can be deleted."
)


def _copies_unreadable(known: Knowledge) -> Mask:
    return known.has(Trait.UNREADABLE_COPIES) & known.in_use


def _copies_unreadable_words(_: Knowledge, suspect: Suspect) -> Words:
    return Words(
        hides=f"There are copies of {suspect.name}, but where they lie cannot be read.",
        remedy="Write their places as a JSON list of URIs, then capture again.",
    )


def _digest_changed(known: Knowledge) -> Mask:
    return known.noted(known.details.other_digests) & known.in_use


def _digest_changed_words(known: Knowledge, suspect: Suspect) -> Words:
    if known.kind_at(suspect.place) in ROW_HOLDERS:
        trouble = known.details.unread_because.get(suspect.id, "")
        why = f" Reading them failed: {trouble}" if trouble else ""
        return Words(
            hides=f"The rows of {suspect.name} are others than those that were read; whose records "
            f"it holds now is unknown.{why}",
            remedy="Put this right, then send an OpenLineage event for it anew: its rows are then "
            "read.",
        )
    return Words(
        hides=f"{suspect.name} was seen with different content under one identity; what the other "
        "content was made from is unknown.",
        remedy="Log changed content as an artifact of its own that replaces this one "
        "(vestige.retrained_from), then capture again.",
    )


def _used_after_destruction(known: Knowledge) -> Mask:
    return known.noted(known.details.later_uses)


def _used_after_destruction_words(known: Knowledge, suspect: Suspect) -> Words:
    use, name = known.details.later_uses[suspect.id], suspect.name
    what = f"the run {use.run} used it" if use.run else "something was made from it"
    return Words(
        hides=f"{name} was destroyed, but {what} later, on {use.at.date()}: a copy of it is left "
        "somewhere, and what else came of that is unknown.",
        remedy=USED_DATASET if known.kind_at(suspect.place) in DATASETS else USED_MODEL,
    )


def _unseen(known: Knowledge) -> Mask:
    return known.noted(known.details.unseen_since) & known.current


def _unseen_words(known: Knowledge, suspect: Suspect) -> Words:
    day = known.details.unseen_since[suspect.id].date()
    return Words(
        hides=f"{suspect.name} was last shown by its source on {day}; whether it is still there "
        "is unknown.",
        remedy="Capture the source that showed it again, or find out there what became of it.",
    )


RULES = (
    Rule(
        name="copies_unreadable",
        near=True,
        suspects=_copies_unreadable,
        words=_copies_unreadable_words,
    ),
    Rule(name="digest_changed", suspects=_digest_changed, words=_digest_changed_words),
    Rule(
        name="used_after_destruction",
        near=True,
        suspects=_used_after_destruction,
        words=_used_after_destruction_words,
    ),
    Rule(name="artifact_unseen", severity=LOW, suspects=_unseen, words=_unseen_words),
)
