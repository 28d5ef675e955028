"""Tracing a data subject, a record or an artifact."""

from collections.abc import Collection, Mapping
from datetime import datetime

from django.db import transaction

from lineage.closure import Reach
from lineage.closure.impact import Answer, answer_trace
from lineage.gaps import FoundGap
from lineage.graph import Gap, Impact, RecordRef
from lineage.locks import lock_graph
from lineage.selectors.history import described, versions_of, with_predecessors
from lineage.selectors.knowledge import one_moment
from lineage.selectors.standing import gaps_at, graph_at, standing_gaps, standing_graph
from lineage.selectors.starts import Asked, start_of


def trace(asked: Asked, as_of: datetime | None = None) -> Impact:
    """Find everything that holds, or inherited, what is asked about.

    Of a data subject or a record, it starts at the segments that hold a record and at those that
    held one until it was redacted, so that a trace repeated after the work still shows what may
    carry an influence. Of an artifact everything that came of it is found, itself included.

    As of a past moment, the graph is the one that was on record then. The record index has no
    history, on purpose: the trace starts at those of the segments known today that were on record
    then, and lists only the records whose ids are not forgotten.

    Args:
        asked: A data subject, a record or an artifact.
        as_of: A past moment; None asks for now.

    Returns:
        The whole answer, never cut short; ``complete`` is false, with reasons, wherever a gap may
        hide an affected artifact.

    Raises:
        RecordNotFound: The record index does not hold the record.
        ArtifactNotFound: No artifact is so called, or none was then.
        InvalidInput: More than one artifact is so called, or the moment lies in the future, or
            before the history begins.
    """
    with transaction.atomic():
        # Under the lock of the graph's writers all reads see one moment, and what the caller's
        # transaction decides upon them still holds when it commits.
        lock_graph()
        answer = answer_to(asked, as_of)
        rows = described(answer.ids.tolist(), as_of)
    return answer.impact({pk: (row.name, row.digest) for pk, row in rows.items()})


def answer_to(asked: Asked, as_of: datetime | None = None) -> Answer:
    """Trace as :func:`trace` does, and leave the answer in columns.

    Call it within :func:`lineage.selectors.knowledge.one_moment`, or under the lock of the graph's
    writers; as of a past moment, under the lock.
    """
    graph = graph_at(as_of) if as_of else standing_graph()
    start = start_of(asked, as_of)
    return answer_trace(
        graph=graph,
        sources=start.sources,
        records=_records(start.entries, as_of),
        found_gaps=gaps_at(graph, as_of) if as_of else standing_gaps(graph),
    )


def reach_of(segments: Collection[int]) -> Mapping[int, Reach]:
    """Find everything that came of some segments, by id, what is no longer in use included."""
    with one_moment():
        return standing_graph().engine.trace(with_predecessors(segments)).reached


def find_gaps() -> tuple[Gap, ...]:
    """Everything that the graph knows it does not know; waits for no writer of the graph."""
    return tuple(found.gap for found in find_gaps_with_artifacts())


def find_gaps_with_artifacts() -> tuple[FoundGap, ...]:
    """Every gap, with the artifact that it is about; waits for no writer of the graph."""
    with one_moment():
        return standing_gaps(standing_graph())


def _records(entries: Collection[tuple[int, str]], as_of: datetime | None) -> list[RecordRef]:
    """Each record in each dataset version that is in use."""
    versions: dict[int, list[int]] = {}
    for segment, version in versions_of({segment for segment, _ in entries}, as_of):
        versions.setdefault(segment, []).append(version)
    return [
        RecordRef(record_id=record, segment=segment, dataset_version=version)
        for segment, record in entries
        for version in versions.get(segment, ())
    ]
