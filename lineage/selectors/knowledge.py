"""The whole graph at one moment, read with one statement a table."""

from collections.abc import Mapping
from dataclasses import dataclass

from lineage.closure import Snapshot
from lineage.gaps import Knowledge, KnownActivity, KnownArtifact
from lineage.graph import ArtifactKind, Edge, Node, Relation
from lineage.models import Activity, Artifact, Derivation, DueReading


@dataclass(frozen=True, kw_only=True)
class GraphNow:
    """The graph as the closure and as the gap rules see it."""

    snapshot: Snapshot
    knowledge: Knowledge


def read_graph() -> GraphNow:
    """Read all nodes, all edges that hold, and all runs; call under the lock of the writers."""
    troubles = dict(DueReading.objects.values_list("artifact_id", "trouble"))
    artifacts = tuple(
        _artifact(row, troubles.get(row.pk, ""))
        for row in Artifact.objects.order_by("pk").iterator()
    )
    edges = tuple(
        Edge(upstream=up, downstream=down, relation=Relation(relation))
        for up, down, relation in Derivation.objects.filter(ended_at=None)
        .order_by("upstream_id", "downstream_id", "relation")
        .values_list("upstream_id", "downstream_id", "relation")
        .iterator()
    )
    activities = tuple(
        KnownActivity(name=name, ended=ended_at is not None, used=tuple(used))
        # A run without a name was only named by others; whether it ended is not known.
        for name, ended_at, used in Activity.objects.exclude(name="")
        .order_by("pk")
        .values_list("name", "ended_at", "used")
    )
    return GraphNow(
        snapshot=Snapshot(nodes=tuple(item.node for item in artifacts), edges=edges),
        knowledge=Knowledge(artifacts=artifacts, edges=edges, activities=activities),
    )


def _artifact(row: Artifact, trouble: str) -> KnownArtifact:
    attributes: Mapping[str, object] = row.attributes
    missing = attributes.get("missing_models")
    return KnownArtifact(
        node=Node(
            id=row.pk,
            kind=ArtifactKind(row.kind),
            name=row.name,
            digest=row.digest,
            state=row.state,
            indexed=row.indexed_at is not None,
        ),
        placeholder="mentioned" in attributes,
        missing_run=str(attributes.get("missing_run") or ""),
        missing_models=tuple(missing) if isinstance(missing, list) else (),
        contact=str(attributes.get("contact") or ""),
        unread_because=trouble,
        unreadable_copies=bool(attributes.get("unreadable_copies")),
    )
