"""Tracing a data subject."""

from collections.abc import Collection, Mapping
from datetime import datetime

from django.db import transaction

from governance.subjects import SubjectDigest
from lineage import gaps
from lineage.closure import Reach
from lineage.closure.impact import assemble_impact
from lineage.closure.networkx_engine import NetworkxEngine
from lineage.gaps import FoundGap
from lineage.graph import Gap, Impact, RecordRef, Relation
from lineage.selectors.history import held_at
from lineage.selectors.knowledge import GraphNow, one_moment, read_graph
from lineage.selectors.postings import held_of
from lineage.services.graph import lock_graph


def trace_subject(subject: SubjectDigest, as_of: datetime | None = None) -> Impact:
    """Find everything that holds, or inherited, a data subject's records.

    Starts at the segments that hold a record and at those that held one until it was redacted, so
    that a trace repeated after the work still shows what may carry an influence.

    As of a past moment, the graph is the one that was on record then. The record index has no
    history, on purpose: the trace starts at those of the segments known today that were on record
    then, and lists only the records whose ids are not forgotten.

    Args:
        subject: Keyed digest of the subject's identifier.
        as_of: A past moment; None asks for now.

    Returns:
        The whole answer, never cut short; ``complete`` is false, with reasons, wherever a gap may
        hide an affected artifact.

    Raises:
        InvalidInput: The moment lies in the future, or before the history begins.
    """
    return trace_with_graph(subject, as_of)[1]


def trace_with_graph(
    subject: SubjectDigest, as_of: datetime | None = None
) -> tuple[GraphNow, Impact]:
    """Trace as :func:`trace_subject` does, and give the graph that was walked too."""
    with transaction.atomic():
        # Under the lock of the graph's writers all reads see one moment, and what the caller's
        # transaction decides upon them still holds when it commits.
        lock_graph()
        graph = read_graph(as_of)
        held = held_of(subject)
        entries = list(held.entries)
        sources = {segment for segment, _ in entries} | held.past
        if as_of is not None:
            entries, sources = held_at(as_of, entries, held.past)
    closure = NetworkxEngine.of(graph.snapshot).trace(_with_predecessors(sources, graph))
    return graph, assemble_impact(
        snapshot=graph.snapshot,
        closure=closure,
        records=_records(entries, graph),
        found_gaps=gaps.find_gaps(graph.knowledge),
    )


def reach_of(segments: Collection[int]) -> Mapping[int, Reach]:
    """Find everything that came of some segments, by id, what is no longer in use included."""
    with one_moment():
        graph = read_graph()
    return NetworkxEngine.of(graph.snapshot).trace(_with_predecessors(segments, graph)).reached


def find_gaps() -> tuple[Gap, ...]:
    """Everything that the graph knows it does not know; waits for no writer of the graph."""
    return tuple(found.gap for found in find_gaps_with_artifacts())


def find_gaps_with_artifacts() -> tuple[FoundGap, ...]:
    """Every gap, with the artifact that it is about; waits for no writer of the graph."""
    with one_moment():
        graph = read_graph()
    return gaps.find_gaps(graph.knowledge)


def _with_predecessors(sources: Collection[int], graph: GraphNow) -> set[int]:
    """Add the segments that these were redacted from: whoever is in one was in the other."""
    before: dict[int, list[int]] = {}
    for edge in graph.snapshot.edges:
        if edge.relation is Relation.REDACTED_FROM:
            before.setdefault(edge.downstream, []).append(edge.upstream)
    found = set(sources)
    waiting = list(sources)
    while waiting:
        fresh = [segment for segment in before.get(waiting.pop(), ()) if segment not in found]
        found.update(fresh)
        waiting.extend(fresh)
    return found


def _records(entries: Collection[tuple[int, str]], graph: GraphNow) -> list[RecordRef]:
    """Each record in each dataset version that is in use."""
    states: Mapping[int, str] = {node.id: node.state for node in graph.snapshot.nodes}
    versions: dict[int, list[int]] = {}
    for edge in graph.snapshot.edges:
        if edge.relation is Relation.PART_OF and states.get(edge.downstream) == "current":
            versions.setdefault(edge.upstream, []).append(edge.downstream)
    return [
        RecordRef(record_id=record, segment=segment, dataset_version=version)
        for segment, record in entries
        for version in versions.get(segment, ())
    ]
