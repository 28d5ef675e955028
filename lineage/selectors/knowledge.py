"""The whole graph at one moment, read with one statement a table."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connection, transaction

from lineage.closure import Snapshot
from lineage.gaps import Knowledge, KnownActivity, KnownArtifact
from lineage.graph import ArtifactKind, Edge, Node, Relation
from lineage.models import Activity, Artifact, Derivation, DueReading
from lineage.services.graph import lock_graph


@dataclass(frozen=True, kw_only=True)
class GraphNow:
    """The graph as the closure and as the gap rules see it."""

    snapshot: Snapshot
    knowledge: Knowledge


@contextmanager
def one_moment() -> Iterator[None]:
    """Let all reads see one moment without waiting for a writer, which may be at work for minutes.

    Inside a transaction of the caller, whose isolation is settled by then, the lock of the
    writers serves instead.
    """
    if connection.in_atomic_block:
        lock_graph()
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def read_graph() -> GraphNow:
    """Read all nodes, all edges that hold, and all runs.

    Call it within :func:`one_moment`, or under the lock of the graph's writers.
    """
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
        missing_models=_names(attributes.get("missing_models")),
        endpoints=_names(attributes.get("endpoints")),
        contact=str(attributes.get("contact") or ""),
        unread_because=trouble,
        unreadable_copies=bool(attributes.get("unreadable_copies")),
    )


def _names(listed: object) -> tuple[str, ...]:
    return tuple(str(name) for name in listed) if isinstance(listed, list) else ()
