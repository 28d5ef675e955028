"""Tracing a data subject."""

from collections.abc import Collection, Mapping

from django.db import transaction

from governance.subjects import SubjectDigest
from lineage import gaps
from lineage.closure import ClosureEngine, Reach
from lineage.closure.impact import assemble_impact
from lineage.closure.networkx_engine import NetworkxEngine
from lineage.gaps import FoundGap
from lineage.graph import Gap, Impact, RecordRef, Relation
from lineage.models import Posting
from lineage.selectors.knowledge import GraphNow, one_moment, read_graph
from lineage.services.graph import lock_graph

#: The engine that answers; any other must give the same answers.
ENGINE: ClosureEngine = NetworkxEngine()


def trace_subject(subject: SubjectDigest) -> Impact:
    """Find everything that holds, or inherited, a data subject's records.

    Starts at the segments that hold a record and at those that held one until it was redacted, so
    that a trace repeated after the work still shows what may carry an influence.

    Args:
        subject: Keyed digest of the subject's identifier.

    Returns:
        The whole answer, never cut short; ``complete`` is false, with reasons, wherever a gap may
        hide an affected artifact.
    """
    with transaction.atomic():
        # Under the lock of the graph's writers all reads see one moment, and what the caller's
        # transaction decides upon them still holds when it commits.
        lock_graph()
        graph = read_graph()
        posting = Posting.objects.filter(
            subject_digest=subject.value, key_version=subject.key_version
        ).first()
    entries = list(zip(posting.segments, posting.record_ids, strict=True)) if posting else []
    sources = {segment for segment, _ in entries} | set(posting.past_segments if posting else [])
    closure = ENGINE.trace(graph.snapshot, _with_predecessors(sources, graph))
    return assemble_impact(
        snapshot=graph.snapshot,
        closure=closure,
        records=_records(entries, graph),
        found_gaps=gaps.find_gaps(graph.knowledge),
    )


def reach_of(segments: Collection[int]) -> Mapping[int, Reach]:
    """Find everything that came of some segments, by id, what is no longer in use included."""
    with one_moment():
        graph = read_graph()
    return ENGINE.trace(graph.snapshot, _with_predecessors(segments, graph)).reached


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
