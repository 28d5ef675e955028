"""What is different in the graph at two moments, read from the history alone."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import Q, QuerySet

from lineage.closure import Snapshot
from lineage.graph import ArtifactKind, Edge, Node, Relation
from lineage.models import ArtifactRevision, DerivationRevision, Moment
from lineage.selectors.history import moment_at, on_record

#: Columns that an edge is read from, and by which edges are sorted.
EDGE = ("upstream_id", "downstream_id", "relation")


def differing_parts(before: datetime, after: datetime | None) -> tuple[Snapshot, Snapshot]:
    """Read of the graph at two moments what may differ, with what stands at the ends of edges.

    What is in neither is the same at both. The time it takes grows with what changed between, not
    with the graph. Call it under the lock of the graph's writers.

    Args:
        before: The earlier moment.
        after: The later one; None for now.

    Raises:
        InvalidInput: A moment lies in the future, or before the history begins.
    """
    earlier = moment_at(before)
    later = moment_at(after) if after else Moment.objects.latest("pk").pk
    ended = _edges(Q(until_id__gt=earlier, until_id__lte=later) & on_record(earlier))
    begun = _edges(Q(since_id__gt=earlier, since_id__lte=later) & on_record(later))
    nodes = {node for edge in (*ended, *begun) for node in (edge.upstream, edge.downstream)}
    nodes.update(_touched(earlier, later))
    return (
        Snapshot(nodes=_nodes(nodes, earlier), edges=ended),
        Snapshot(nodes=_nodes(nodes, later), edges=begun),
    )


def _touched(earlier: int, later: int) -> QuerySet[ArtifactRevision, int]:
    """Ids of artifacts of which something was recorded between."""
    changed = Q(since_id__gt=earlier, since_id__lte=later)
    changed |= Q(until_id__gt=earlier, until_id__lte=later)
    return ArtifactRevision.objects.filter(changed).values_list("artifact_id", flat=True)


def _edges(chosen: Q) -> tuple[Edge, ...]:
    rows = DerivationRevision.objects.filter(chosen).order_by(*EDGE).values_list(*EDGE)
    return tuple(
        Edge(upstream=up, downstream=down, relation=Relation(relation))
        for up, down, relation in rows
    )


def _nodes(ids: Collection[int], moment: int) -> tuple[Node, ...]:
    rows = ArtifactRevision.objects.filter(on_record(moment), artifact_id__in=ids)
    return tuple(
        Node(
            id=row.artifact_id,
            kind=ArtifactKind(row.kind),
            name=row.name,
            digest=row.digest,
            state=row.state,
            indexed=row.indexed,
        )
        for row in rows.order_by("artifact_id")
    )
