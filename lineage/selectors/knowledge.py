"""The whole graph at one moment, read with one statement a table."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from lineage.closure import Snapshot
from lineage.gaps import Knowledge, KnownActivity, KnownArtifact, knowledge_of
from lineage.graph import ArtifactKind, Edge, Node, Relation
from lineage.models import (
    Activity,
    ActivityRevision,
    Artifact,
    ArtifactRevision,
    ArtifactState,
    Derivation,
    DerivationRevision,
    DueReading,
    TroubleRevision,
)
from lineage.selectors.history import moment_at, on_record
from lineage.services.graph import OTHER_DIGESTS, lock_graph

#: Columns that an edge is read from, and by which edges are sorted.
EDGE = ("upstream_id", "downstream_id", "relation")


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


def read_graph(as_of: datetime | None = None) -> GraphNow:
    """Read all nodes, all edges that hold, and all runs.

    Call it within :func:`one_moment`, or under the lock of the graph's writers.

    Args:
        as_of: Read what was on record at this moment instead; then under the lock.

    Raises:
        InvalidInput: The moment lies in the future, or before the history begins.
    """
    if as_of is None:
        return _graph(_artifacts(), _edges(), _activities())
    moment = moment_at(as_of)
    return _graph(_artifacts_at(moment), _edges_at(moment), _activities_at(moment))


def _graph(
    artifacts: Iterable[KnownArtifact],
    edges: Iterable[tuple[int, int, str]],
    activities: Iterable[tuple[str, bool, list[int]]],
) -> GraphNow:
    known = tuple(artifacts)
    held = tuple(
        Edge(upstream=up, downstream=down, relation=Relation(relation))
        for up, down, relation in edges
    )
    runs = [
        KnownActivity(name=name, ended=ended, used=tuple(used)) for name, ended, used in activities
    ]
    return GraphNow(
        snapshot=Snapshot(nodes=tuple(item.node for item in known), edges=held),
        knowledge=knowledge_of(known, held, runs),
    )


def _artifacts() -> Iterator[KnownArtifact]:
    troubles = dict(DueReading.objects.values_list("artifact_id", "trouble"))
    unseen = _unseen()
    for row in Artifact.objects.order_by("pk").iterator():
        node = Node(
            id=row.pk,
            kind=ArtifactKind(row.kind),
            name=row.name,
            digest=row.digest,
            state=row.state,
            indexed=row.indexed_at is not None,
        )
        yield _artifact(
            node, row.attributes, troubles.get(row.pk, ""), unseen_since=unseen.get(row.pk)
        )


def _unseen() -> dict[int, datetime]:
    """When the artifacts in use that were not shown for too long were last shown, by id."""
    limit = timezone.now() - timedelta(days=settings.UNSEEN_DAYS)
    rows = Artifact.objects.filter(state=ArtifactState.CURRENT, seen_at__lt=limit)
    return {pk: seen_at for pk, seen_at in rows.values_list("pk", "seen_at") if seen_at}


def _artifacts_at(moment: int) -> Iterator[KnownArtifact]:
    then = on_record(moment)
    troubles = dict(TroubleRevision.objects.filter(then).values_list("artifact_id", "trouble"))
    for row in ArtifactRevision.objects.filter(then).order_by("artifact_id").iterator():
        node = Node(
            id=row.artifact_id,
            kind=ArtifactKind(row.kind),
            name=row.name,
            digest=row.digest,
            state=row.state,
            indexed=row.indexed,
        )
        yield _artifact(node, row.attributes, troubles.get(row.artifact_id, ""))


def _edges() -> Iterable[tuple[int, int, str]]:
    held = Derivation.objects.filter(ended_at=None)
    return held.order_by(*EDGE).values_list(*EDGE).iterator()


def _edges_at(moment: int) -> Iterable[tuple[int, int, str]]:
    held = DerivationRevision.objects.filter(on_record(moment))
    return held.order_by(*EDGE).values_list(*EDGE).iterator()


def _activities() -> Iterator[tuple[str, bool, list[int]]]:
    # A run without a name was only named by others; whether it ended is not known.
    rows = Activity.objects.exclude(name="").order_by("pk")
    for name, ended_at, used in rows.values_list("name", "ended_at", "used"):
        yield name, ended_at is not None, used


def _activities_at(moment: int) -> Iterable[tuple[str, bool, list[int]]]:
    rows = ActivityRevision.objects.filter(on_record(moment)).order_by("activity_id")
    return rows.values_list("name", "ended", "used")


def _artifact(
    node: Node,
    attributes: Mapping[str, object],
    trouble: str,
    *,
    unseen_since: datetime | None = None,
) -> KnownArtifact:
    return KnownArtifact(
        node=node,
        placeholder="mentioned" in attributes,
        missing_run=str(attributes.get("missing_run") or ""),
        missing_models=_names(attributes.get("missing_models")),
        endpoints=_names(attributes.get("endpoints")),
        contact=str(attributes.get("contact") or ""),
        unread_because=trouble,
        unreadable_copies=bool(attributes.get("unreadable_copies")),
        made_by=str(attributes.get("made_by") or ""),
        other_digests=_names(attributes.get(OTHER_DIGESTS)),
        unseen_since=unseen_since,
    )


def _names(listed: object) -> tuple[str, ...]:
    return tuple(str(name) for name in listed) if isinstance(listed, list) else ()
