"""Gaps of datasets and segments: whose rows they hold, and where those came from."""

from lineage.codes import STATE_CODES, Trait
from lineage.gaps.found import Rule, Suspect, Words
from lineage.gaps.knowledge import Knowledge
from lineage.gaps.walk import Mask
from lineage.graph import DATASETS, ROW_HOLDERS, ArtifactKind, Relation

#: How to close the gap of a dataset whose rows nobody read: they lie there unnamed, reading them
#: failed, or they were replaced or destroyed.
READ_IT = (
    "Send an OpenLineage event for it with the vestige_recordIndex facet: its rows are then read. "
    "Or load it with vestige index load."
)
READ_AGAIN = (
    "Put this right, then send an OpenLineage event for it anew, or load it again with "
    "vestige index load: its rows are then read."
)
NEVER_READ = (
    "Its rows are gone: make what came from it again from a dataset that was read, or destroy it."
)


def _unread(known: Knowledge) -> Mask:
    unread = known.of_kind(ROW_HOLDERS) & ~known.has(Trait.INDEXED) & known.in_use
    # What others merely speak of need not exist, unless something came of it.
    return unread & (~known.placeholder | known.behind)


def _unread_words(known: Knowledge, suspect: Suspect) -> Words:
    name, trouble = suspect.name, known.details.unread_because.get(suspect.id)
    concern = "whom the artifacts made from it concern"
    if known.states[suspect.place] != STATE_CODES["current"]:
        return Words(
            hides=f"Whose records {name} held was never read; {concern} is unknown.",
            remedy=NEVER_READ,
        )
    hides = f"Whose records {name} holds is unknown, and so is {concern}."
    if trouble:
        return Words(hides=f"{hides} Reading its rows failed: {trouble}", remedy=READ_AGAIN)
    return Words(hides=hides, remedy=READ_IT)


def _without_generator(known: Knowledge) -> Mask:
    synthetic = known.of_kind([ArtifactKind.SYNTHETIC_DATASET]) & known.in_use
    return synthetic & ~known.has_upstream([Relation.SYNTHESIZED_BY])


def _without_generator_words(_: Knowledge, suspect: Suspect) -> Words:
    return Words(
        hides=f"The model that {suspect.name} was sampled from is unknown, and so is "
        "whom its rows are modelled on.",
        remedy="Send an OpenLineage event for it with the vestige_artifact facet that "
        "names the model under synthesis.",
    )


def _without_reader(known: Knowledge) -> Mask:
    readers = known.of_kind(DATASETS) & known.in_use
    read = known.has_downstream([Relation.PART_OF], among=readers)
    return known.of_kind([ArtifactKind.SEGMENT]) & known.current & ~read


def _without_reader_words(_: Knowledge, suspect: Suspect) -> Words:
    return Words(
        hides=f"{suspect.name} lies there, but no dataset in use says how to read it or what was "
        "made from it; whose records it holds is unknown.",
        remedy="Send an OpenLineage event for the dataset that it is part of with the "
        "vestige_recordIndex facet, or delete the segment.",
    )


RULES = (
    Rule(name="dataset_without_subject_index", suspects=_unread, words=_unread_words),
    Rule(
        name="synthetic_without_generator",
        suspects=_without_generator,
        words=_without_generator_words,
    ),
    Rule(name="segment_without_reader", suspects=_without_reader, words=_without_reader_words),
)
