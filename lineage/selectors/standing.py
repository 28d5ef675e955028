"""The graph as it is now, without reading it all: a standing image and what changed since.

Each process keeps one image and lays what changed over it whenever somebody asks and something was
recorded. The image comes from the folder that :mod:`lineage.services.image` writes now and then;
without one it is read from the database once.
"""

import threading
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import numpy as np
from django.conf import settings
from django.db import connection

from lineage.closure.columns import BLOCKABLE
from lineage.closure.csr import UnfitSnapshotError
from lineage.closure.digests import PART_BITS, Table
from lineage.closure.image import BEGINNING, GraphImage, Stamp, stamp_in
from lineage.closure.links import RELATIONS
from lineage.closure.standing import Changes, StandingGraph
from lineage.gaps import FoundGap, find_gaps
from lineage.models import Moment
from lineage.selectors.columns import (
    ARTIFACTS_NOW,
    ARTIFACTS_THEN,
    EDGES_NOW,
    EDGES_THEN,
    digests_of,
    edge_columns,
    node_columns,
)
from lineage.selectors.history import moment_at
from lineage.selectors.knowledge import knowledge_of, unseen_since

#: More changes than this, and more than this share of an image, are laid out anew.
_MANY, _SHARE = 20_000, 0.1

_BLOCKABLE = [relation.value for code, relation in enumerate(RELATIONS) if BLOCKABLE[code]]


class Keeper:
    """Keeps the graph between two questions, for all threads of a process."""

    def __init__(self, many: int = _MANY) -> None:
        """Start with nothing.

        Args:
            many: So many changes are always laid over an image, however small it is.
        """
        self._many = many
        self._lock = threading.Lock()
        self._image: GraphImage | None = None
        self._standing: StandingGraph | None = None
        self._gaps: tuple[StandingGraph, Mapping[int, datetime], tuple[FoundGap, ...]] | None = None

    @property
    def image(self) -> GraphImage | None:
        """What the last answer was built upon."""
        return self._image

    def graph(self) -> StandingGraph:
        """The graph as the transaction of the caller sees it.

        Call it within :func:`lineage.selectors.knowledge.one_moment`, or under the lock of the
        graph's writers.
        """
        latest, own = _latest(), _own_moment()
        with self._lock:
            standing, image = self._standing, self._image
        if standing is not None and standing.stamp == latest and own is None:
            return standing
        image, standing = self._renewed(image, latest, own)
        if own is None:
            with self._lock:
                self._image, self._standing = image, standing
        return standing

    def gaps(self, graph: StandingGraph) -> tuple[FoundGap, ...]:
        """Every gap of the graph that :meth:`graph` just gave."""
        unseen = unseen_since()
        kept = self._gaps
        if kept is not None and kept[0] is graph and kept[1] == unseen:
            return kept[2]
        found = find_gaps(knowledge_of(graph, unseen=unseen))
        if graph is self._standing:
            self._gaps = (graph, unseen, found)
        return found

    def _renewed(
        self, image: GraphImage | None, latest: Stamp, own: int | None
    ) -> tuple[GraphImage, StandingGraph]:
        """An image to go on with, and the graph of now over it."""
        for base in (image, _written_after(image)):
            if base is None or not _fits(base.stamp, latest, own):
                continue
            changes = _changes_since(base, latest)
            if len(changes) > max(self._many, _SHARE * len(base.graph.links.rows.targets)):
                continue
            try:
                return base, StandingGraph.lay_over(base, changes)
            except ValueError:
                # A new artifact took a lower number than an older one: rare, and only costs time.
                continue
        base = read_image()
        return base, StandingGraph.of(base)


_keeper = Keeper()
#: The graph as the transaction of the caller sees it: :meth:`Keeper.graph` of this process.
standing_graph = _keeper.graph
#: Every gap of the graph that it gave: :meth:`Keeper.gaps`.
standing_gaps = _keeper.gaps


def graph_at(as_of: datetime) -> StandingGraph:
    """The graph that was on record at a past moment; call it under the lock of the writers.

    Raises:
        InvalidInput: The moment lies in the future, or before the history begins.
    """
    moment = moment_at(as_of)
    then = [moment, moment]
    return StandingGraph.of(
        GraphImage.build(
            stamp=Stamp(moment=moment, at=as_of.isoformat()),
            nodes=node_columns(ARTIFACTS_THEN, then),
            edges=edge_columns(EDGES_THEN, then),
            digests={
                Table.NODES: digests_of(Table.NODES, ARTIFACTS_THEN, then),
                Table.EDGES: digests_of(Table.EDGES, EDGES_THEN, then),
            },
        )
    )


def gaps_at(graph: StandingGraph, as_of: datetime) -> tuple[FoundGap, ...]:
    """Every gap of the graph that :func:`graph_at` gave.

    Whether artifacts were shown lately is not looked at: nobody keeps when they had last been
    shown then.
    """
    return find_gaps(knowledge_of(graph, as_of, unseen=None))


def read_image() -> GraphImage:
    """Lay out the graph as the transaction of the caller sees it."""
    return GraphImage.build(
        stamp=_latest(),
        nodes=node_columns(),
        edges=edge_columns(),
        digests={
            Table.NODES: digests_of(Table.NODES, ARTIFACTS_NOW),
            Table.EDGES: digests_of(Table.EDGES, EDGES_NOW),
        },
    )


def _written_after(image: GraphImage | None) -> GraphImage | None:
    """The image on disk, if it is newer than one."""
    try:
        if image is not None and stamp_in(settings.GRAPH_IMAGE).moment <= image.stamp.moment:
            return None
        return GraphImage.open(settings.GRAPH_IMAGE)
    except UnfitSnapshotError:
        return None


def _fits(stamp: Stamp, latest: Stamp, own: int | None) -> bool:
    """Whether an image tells of the past of the graph that this transaction sees.

    It may be of another database, of one that was restored, or of a transaction that was rolled
    back. And what this transaction itself changes goes on changing within its one moment.
    """
    if stamp == BEGINNING:
        return False
    if own is not None and stamp.moment >= own:
        return False
    if stamp == latest:
        return True
    return (
        stamp.moment < latest.moment
        and Moment.objects.filter(pk=stamp.moment, at=datetime.fromisoformat(stamp.at)).exists()
    )


def _latest() -> Stamp:
    """The last moment that this transaction sees."""
    moment = Moment.objects.order_by("pk").last()
    return Stamp(moment=moment.pk, at=moment.at.isoformat()) if moment else BEGINNING


def _own_moment() -> int | None:
    """The moment that this transaction is changing the graph in; None while it changed nothing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nullif(current_setting('vestige.moment', true), '')::bigint")
        own: int | None = cursor.fetchone()[0]
    return own


def _changes_since(image: GraphImage, latest: Stamp) -> Changes:
    """What is different now from an image."""
    since = image.stamp.moment
    touched = _numbers(
        "SELECT artifact_id FROM lineage_artifactrevision WHERE since_id > %s OR until_id > %s",
        [since, since],
    )
    nodes = node_columns(where="id = ANY(%s)", params=[touched])
    begun = edge_columns(
        "(SELECT upstream_id, downstream_id, relation FROM lineage_derivationrevision"
        " WHERE since_id > %s AND until_id IS NULL)",
        [since],
    )
    ended = edge_columns(
        "(SELECT upstream_id, downstream_id, relation FROM lineage_derivationrevision"
        " WHERE since_id <= %s AND until_id > %s)",
        [since, since],
    )
    reconsidered = edge_columns(
        "(SELECT upstream_id, downstream_id, relation FROM lineage_derivation"
        " WHERE ended_at IS NULL AND downstream_id = ANY(%s) AND relation = ANY(%s)"
        " EXCEPT SELECT upstream_id, downstream_id, relation FROM lineage_derivationrevision"
        " WHERE since_id > %s AND until_id IS NULL)",
        [touched, _BLOCKABLE, since],
    )
    parts = {
        Table.NODES: {node >> PART_BITS for node in touched},
        Table.EDGES: {
            node >> PART_BITS for edges in (begun, ended) for node in edges.downstream.tolist()
        },
    }
    sources = {Table.NODES: ARTIFACTS_NOW, Table.EDGES: EDGES_NOW}
    return Changes(
        stamp=latest,
        nodes=nodes,
        removed=np.setdiff1d(np.array(touched, dtype=np.int64), nodes.ids),
        begun=begun,
        ended=ended,
        reconsidered=reconsidered,
        digests={
            table: {
                **dict.fromkeys(parts[table]),
                **digests_of(table, sources[table], parts=sorted(parts[table])),
            }
            for table in Table
        },
    )


def _numbers(query: str, params: list[Any]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(query, params)
        return [number for (number,) in cursor.fetchall()]
