"""Reads for people who look around in the graph: a list, one artifact, its neighbours."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q

from governance.paging import Slice, slice_of
from lineage.closure.propagation import in_words
from lineage.errors import ArtifactNotFound
from lineage.graph import ArtifactKind, Node, Relation
from lineage.models import Activity, Artifact, Derivation

#: Links of one side that an artifact's page lists; the rest are counted.
MOST_LINKS = 40
#: How many edges away from an artifact its drawing reaches, in both directions.
REACH = 3
#: Neighbours beyond this number would not be read in a drawing.
MOST_NEIGHBOURS = 60


@dataclass(frozen=True, kw_only=True)
class RegistryFilters:
    """What to list; empty strings list everything but segments, which are many."""

    kind: str = ""
    state: str = ""
    #: Part of a name, an identity or a digest.
    text: str = ""
    page: str = ""


@dataclass(frozen=True, kw_only=True)
class ArtifactRow:
    """One line of the registry."""

    id: int
    kind: str
    name: str
    state: str
    digest: str
    #: Name of the run that made it, or empty.
    made_by: str
    occurred_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class LinkView:
    """One edge, as seen from the artifact at one of its ends."""

    artifact: ArtifactRow
    relation: str
    #: What crosses it, in words, e.g. ``may carry content``.
    carries: str
    occurred_at: datetime | None
    #: When the edge ceased to hold; None while it holds.
    ended_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Links:
    """The edges on one side of an artifact."""

    shown: tuple[LinkView, ...]
    #: How many there are, shown or not.
    total: int


@dataclass(frozen=True, kw_only=True)
class ActivityView:
    """The run that made an artifact."""

    name: str
    external_id: str
    kind: str
    recipe: str
    params: Mapping[str, str]
    seconds: float | None
    started_at: datetime | None
    ended_at: datetime | None
    status: str


@dataclass(frozen=True, kw_only=True)
class ArtifactView:
    """Everything that a reader of one artifact may see."""

    row: ArtifactRow
    identity: str
    #: Where the content lies, copies included.
    locations: tuple[str, ...]
    #: The owner's own words, or empty.
    description: str
    recorded_at: datetime
    indexed_at: datetime | None
    activity: ActivityView | None
    #: What was read again after a deletion, one a location.
    receipts: tuple[Mapping[str, Any], ...]
    sources: Links
    results: Links


@dataclass(frozen=True, kw_only=True)
class Neighbourhood:
    """What lies around an artifact, for its drawing."""

    #: The artifact itself among them.
    artifacts: tuple[ArtifactRow, ...]
    #: The links between them as pairs of ids, from what was used to what came of it.
    edges: tuple[tuple[int, int], ...]
    #: Whether some of what lies within reach was left out.
    cut: bool


def registry(filters: RegistryFilters) -> Slice[ArtifactRow]:
    """List artifacts by kind and name."""
    rows = Artifact.objects.select_related("made_by").order_by("kind", "name", "pk")
    if filters.kind:
        rows = rows.filter(kind=filters.kind)
    else:
        rows = rows.exclude(kind=ArtifactKind.SEGMENT)
    if filters.state:
        rows = rows.filter(state=filters.state)
    if filters.text:
        text = filters.text
        rows = rows.filter(
            Q(name__icontains=text) | Q(identity__icontains=text) | Q(digest__icontains=text)
        )
    return slice_of(rows, _row, number=filters.page)


def kinds_present() -> dict[str, int]:
    """Each kind that the graph holds, with the number of its artifacts, in the order of kinds."""
    counts = dict(Artifact.objects.values_list("kind").annotate(Count("pk")).order_by())
    return {kind.value: counts[kind.value] for kind in ArtifactKind if kind.value in counts}


def artifact_view(artifact_id: int) -> ArtifactView:
    """Read one artifact with both its sides.

    Raises:
        ArtifactNotFound: There is no such artifact.
    """
    row = Artifact.objects.select_related("made_by").filter(pk=artifact_id).first()
    if row is None:
        raise ArtifactNotFound(f"There is no artifact with the id {artifact_id}.")
    copies = row.attributes.get("copies") or ()
    return ArtifactView(
        row=_row(row),
        identity=row.identity,
        locations=tuple(place for place in (row.location, *copies) if place),
        description=str(row.attributes.get("description") or ""),
        recorded_at=row.recorded_at,
        indexed_at=row.indexed_at,
        activity=_activity(row.made_by),
        receipts=tuple(row.attributes.get("receipts") or ()),
        sources=_links(row.pk, own_side="downstream", other_side="upstream"),
        results=_links(row.pk, own_side="upstream", other_side="downstream"),
    )


def neighbourhood(artifact_id: int) -> Neighbourhood:
    """Read what lies within ``REACH`` edges before and after an artifact, without segments.

    What would make the drawing unreadable is left out, farthest first, and the answer says so.
    """
    sources, sources_cut = _reached(artifact_id, own_side="downstream", other_side="upstream")
    results, results_cut = _reached(artifact_id, own_side="upstream", other_side="downstream")
    edges = sources | results
    ids = {artifact_id, *(end for edge in edges for end in edge)}
    rows = Artifact.objects.select_related("made_by").filter(pk__in=ids).order_by("pk")
    return Neighbourhood(
        artifacts=tuple(_row(row) for row in rows),
        edges=tuple(sorted(edges)),
        cut=sources_cut or results_cut,
    )


def _reached(
    artifact_id: int, *, own_side: str, other_side: str
) -> tuple[set[tuple[int, int]], bool]:
    """Follow edges on one side step by step; gives them, and whether some were left out."""
    edges: set[tuple[int, int]] = set()
    frontier, met, cut = {artifact_id}, {artifact_id}, False
    for _ in range(REACH):
        beyond = _edges_at(frontier, own_side, other_side)
        if len(met) > MOST_NEIGHBOURS:
            return edges, cut or beyond.exists()
        found = list(beyond[: MOST_NEIGHBOURS + 1])
        cut = cut or len(found) > MOST_NEIGHBOURS
        edges.update(found[:MOST_NEIGHBOURS])
        frontier = {end for edge in found[:MOST_NEIGHBOURS] for end in edge} - met
        met |= frontier
    return edges, cut


def _edges_at(frontier: set[int], own_side: str, other_side: str) -> Any:  # noqa: ANN401 - django-stubs cannot name a queryset of pairs
    return (
        Derivation.objects.filter(**{f"{own_side}__in": frontier}, ended_at=None)
        .exclude(relation=Relation.PART_OF)
        .exclude(**{f"{other_side}__kind": ArtifactKind.SEGMENT})
        .order_by("pk")
        .values_list("upstream_id", "downstream_id")
    )


def _links(artifact_id: int, *, own_side: str, other_side: str) -> Links:
    edges = Derivation.objects.filter(**{own_side: artifact_id}).order_by(
        "relation", f"{other_side}__kind", f"{other_side}__name", "pk"
    )
    shown = edges.select_related("downstream", f"{other_side}__made_by")[:MOST_LINKS]
    return Links(
        shown=tuple(
            LinkView(
                artifact=_row(getattr(edge, other_side)),
                relation=edge.relation,
                carries=in_words(Relation(edge.relation), _node(edge.downstream)),
                occurred_at=edge.occurred_at,
                ended_at=edge.ended_at,
            )
            for edge in shown
        ),
        total=edges.count(),
    )


def _node(row: Artifact) -> Node:
    return Node(
        id=row.pk,
        kind=ArtifactKind(row.kind),
        name=row.name,
        state=row.state,
        indexed=row.indexed_at is not None,
    )


def _row(row: Artifact) -> ArtifactRow:
    return ArtifactRow(
        id=row.pk,
        kind=row.kind,
        name=row.name or row.identity,
        state=row.state,
        digest=row.digest,
        made_by=row.made_by.name or row.made_by.external_id if row.made_by else "",
        occurred_at=row.occurred_at,
    )


def _activity(run: Activity | None) -> ActivityView | None:
    if run is None:
        return None
    return ActivityView(
        name=run.name or run.external_id,
        external_id=run.external_id,
        kind=run.get_kind_display(),
        recipe=run.recipe,
        params=run.params,
        seconds=run.seconds,
        started_at=run.started_at,
        ended_at=run.ended_at,
        status=run.status,
    )
