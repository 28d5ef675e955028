"""The graph as it is now: an image, and over it what changed since."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lineage.closure.columns import CAN_CARRY, CURRENT, Codes, EdgeColumns, NodeColumns, carrying
from lineage.closure.csr_engine import CsrEngine
from lineage.closure.digests import Digests, Table, graph_hash
from lineage.closure.image import GraphImage, Stamp
from lineage.closure.kernels import RELATION_BITS
from lineage.closure.links import NEVER, Ids
from lineage.closure.overlay import Overlay
from lineage.graph import ROW_HOLDERS

#: When a link of an image is seen to have ended: it only matters that it has.
_ENDED = 1


@dataclass(frozen=True, kw_only=True, eq=False)
class Changes:
    """What is different from an image."""

    stamp: Stamp
    #: Artifacts that the image does not hold, or holds otherwise.
    nodes: NodeColumns
    #: Ids of artifacts that are on record no more.
    removed: Ids
    #: Edges that hold and that the image does not hold.
    begun: EdgeColumns
    #: Edges that the image holds and that hold no more.
    ended: EdgeColumns
    #: Every edge that the image holds, still holds, leads to one of ``nodes``, and of which
    #: evidence on that artifact can show that nothing crossed.
    reconsidered: EdgeColumns
    #: Digests of the parts that changed; None where a part holds nothing any more.
    digests: Mapping[Table, Mapping[int, bytes | None]]

    def __len__(self) -> int:
        """How many there are."""
        return len(self.nodes) + len(self.begun) + len(self.ended) + len(self.reconsidered)


@dataclass(frozen=True, kw_only=True, eq=False)
class EdgePlaces:
    """Edges by the places of artifacts in the columns, one a row."""

    #: int32[m].
    upstream: NDArray[np.integer]
    downstream: NDArray[np.integer]
    #: Codes of :data:`lineage.closure.links.RELATIONS`.
    relation: Codes


@dataclass(frozen=True, kw_only=True, eq=False)
class StandingGraph:
    """Everything that a trace asks of the graph."""

    stamp: Stamp
    #: All artifacts.
    nodes: NodeColumns
    engine: CsrEngine
    #: Edges that carry nothing, or that evidence blocks.
    idle: EdgeColumns
    hash: str
    #: The links of the image, without those that hold no more, and the newer ones, as edges.
    _image: GraphImage
    _left: EdgeColumns = field(repr=False)
    _came: EdgeColumns = field(repr=False)

    @classmethod
    def of(cls, image: GraphImage) -> "StandingGraph":
        """Nothing has changed."""
        none = EdgeColumns.of(())
        return cls(
            stamp=image.stamp,
            nodes=image.nodes,
            engine=CsrEngine(image.graph),
            idle=image.idle,
            hash=graph_hash(image.digests),
            _image=image,
            _left=none,
            _came=none,
        )

    @classmethod
    def lay_over(cls, image: GraphImage, changes: Changes) -> "StandingGraph":
        """Lay changes over an image.

        Raises:
            ValueError: They do not fit over it (see also :meth:`Overlay.build`): build a new image.
        """
        if np.isin(changes.removed, image.nodes.ids).any():
            raise ValueError("An artifact of the image is on record no more: build a new image.")
        nodes, fresh = _changed_nodes(image.nodes, changes.nodes)
        had = carrying(changes.ended, image.nodes)
        was, is_now = (carrying(changes.reconsidered, each) for each in (image.nodes, nodes))
        has = carrying(changes.begun, nodes)
        left = changes.ended.where(had).and_also(changes.reconsidered.where(was & ~is_now))
        came = changes.begun.where(has).and_also(changes.reconsidered.where(is_now & ~was))
        roused = changes.ended.where(~had).and_also(changes.reconsidered.where(is_now & ~was))
        idle = image.idle.where(~image.idle.among(roused))
        idle = idle.and_also(changes.begun.where(~has))
        idle = idle.and_also(changes.reconsidered.where(was & ~is_now))
        overlay = Overlay.build(
            image.graph,
            nodes=fresh,
            fresh=came.links(until=NEVER),
            ended=left.links(until=_ENDED),
        )
        return cls(
            stamp=changes.stamp,
            nodes=nodes,
            engine=CsrEngine(image.graph, overlay),
            idle=idle,
            hash=graph_hash(_with_changed(image.digests, changes.digests)),
            _image=image,
            _left=left,
            _came=came,
        )

    @cached_property
    def datasets_examined(self) -> int:
        """How many holders of rows in use were read into the record index."""
        read = self.nodes.indexed & self.nodes.of_kind(ROW_HOLDERS)
        return int((read & (self.nodes.states == CURRENT)).sum())

    @cached_property
    def blocked(self) -> EdgePlaces:
        """The edges that would carry influence if no evidence showed that nothing crossed."""
        idle = self._idle_places
        chosen = CAN_CARRY[idle.relation]
        return EdgePlaces(
            upstream=idle.upstream[chosen],
            downstream=idle.downstream[chosen],
            relation=idle.relation[chosen],
        )

    @cached_property
    def edges(self) -> EdgePlaces:
        """All edges that hold, in no order."""
        graph = self._image.graph
        rows = graph.links.rows
        upstream = np.repeat(graph.places, np.diff(rows.offsets))
        downstream = graph.places[rows.targets]
        relation = (rows.labels & np.uint32(RELATION_BITS)).astype(np.uint8)
        if len(self._left):
            ids = graph.ids
            held = EdgeColumns(
                upstream=ids[upstream], downstream=ids[downstream], relation=relation
            )
            kept = ~held.among(self._left)
            upstream, downstream, relation = upstream[kept], downstream[kept], relation[kept]
        came, idle = self._places_of(self._came), self._idle_places
        return EdgePlaces(
            upstream=np.concatenate([upstream, came.upstream, idle.upstream]),
            downstream=np.concatenate([downstream, came.downstream, idle.downstream]),
            relation=np.concatenate([relation, came.relation, idle.relation]),
        )

    @cached_property
    def _idle_places(self) -> EdgePlaces:
        return self._places_of(self.idle)

    def _places_of(self, edges: EdgeColumns) -> EdgePlaces:
        return EdgePlaces(
            upstream=self.nodes.places_of(edges.upstream),
            downstream=self.nodes.places_of(edges.downstream),
            relation=edges.relation,
        )


def _changed_nodes(nodes: NodeColumns, changed: NodeColumns) -> tuple[NodeColumns, Ids]:
    """All artifacts as they are now, and the ids of those that are new."""
    known = np.isin(changed.ids, nodes.ids)
    at = np.searchsorted(nodes.ids, changed.ids[known])
    fresh = changed.ids[~known]
    if len(fresh) and len(nodes) and fresh[0] < nodes.ids[-1]:
        raise ValueError("A new artifact has a lower id than the image's: build a new image.")
    columns = {}
    for name in ("kinds", "states", "traits"):
        now, before = getattr(changed, name), getattr(nodes, name).copy()
        before[at] = now[known]
        columns[name] = np.concatenate([before, now[~known]])
    return NodeColumns(ids=np.concatenate([nodes.ids, fresh]), **columns), fresh


def _with_changed(
    before: Mapping[Table, Digests], changed: Mapping[Table, Mapping[int, bytes | None]]
) -> dict[Table, Digests]:
    """The digests of all parts, with those that changed."""
    return {
        table: {
            part: digest
            for part, digest in {**before[table], **changed.get(table, {})}.items()
            if digest is not None
        }
        for table in Table
    }
