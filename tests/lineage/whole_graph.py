"""The whole graph as values, which everything faster is compared with."""

from collections.abc import Iterable
from datetime import datetime

from lineage.closure import Snapshot
from lineage.graph import ArtifactKind, Edge, Node, Relation
from lineage.models import Artifact, ArtifactRevision, Derivation, DerivationRevision
from lineage.selectors.changes import EDGE
from lineage.selectors.history import moment_at, on_record


def read_snapshot(as_of: datetime | None = None) -> Snapshot:
    """Read all nodes and all edges that hold, now or at a moment, one object each."""
    if as_of is None:
        rows = Artifact.objects.order_by("pk")
        edges = Derivation.objects.filter(ended_at=None).order_by(*EDGE).values_list(*EDGE)
        return Snapshot(
            nodes=tuple(_node(row.pk, row, indexed=row.indexed_at is not None) for row in rows),
            edges=_edges(edges),
        )
    then = on_record(moment_at(as_of))
    revisions = ArtifactRevision.objects.filter(then).order_by("artifact_id")
    held = DerivationRevision.objects.filter(then).order_by(*EDGE).values_list(*EDGE)
    return Snapshot(
        nodes=tuple(_node(row.artifact_id, row, indexed=row.indexed) for row in revisions),
        edges=_edges(held),
    )


def _node(pk: int, row: Artifact | ArtifactRevision, *, indexed: bool) -> Node:
    return Node(
        id=pk,
        kind=ArtifactKind(row.kind),
        name=row.name,
        digest=row.digest,
        state=row.state,
        indexed=indexed,
    )


def _edges(rows: Iterable[tuple[int, int, str]]) -> tuple[Edge, ...]:
    return tuple(
        Edge(upstream=up, downstream=down, relation=Relation(relation))
        for up, down, relation in rows
    )
