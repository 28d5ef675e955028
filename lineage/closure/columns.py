"""Artifacts and edges as columns: a graph of millions takes bytes, not objects."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lineage.closure.links import CODES, RELATIONS, Ids, Links
from lineage.closure.propagation import blocked_by
from lineage.codes import KIND_CODES, KINDS, STATE_CODES, Trait
from lineage.graph import PROPAGATION, ArtifactKind, Edge, Node

Codes = NDArray[np.uint8]
Mask = NDArray[np.bool_]

CURRENT = STATE_CODES["current"]


@dataclass(frozen=True, kw_only=True, eq=False)
class NodeColumns:
    """Artifacts, one a row; all columns have one length."""

    #: int64[n], rising.
    ids: Ids
    #: Codes of :data:`lineage.codes.KINDS` and :data:`lineage.codes.STATES`.
    kinds: Codes
    states: Codes
    #: :class:`lineage.codes.Trait`.
    traits: Codes

    def __len__(self) -> int:
        """How many artifacts there are."""
        return len(self.ids)

    @classmethod
    def of(cls, nodes: Iterable[Node]) -> "NodeColumns":
        """Lay nodes out."""
        ordered = sorted(nodes, key=lambda node: node.id)
        return cls(
            ids=np.array([node.id for node in ordered], dtype=np.int64),
            kinds=np.array([KIND_CODES[node.kind] for node in ordered], dtype=np.uint8),
            states=np.array([STATE_CODES[node.state] for node in ordered], dtype=np.uint8),
            traits=np.array([Trait.INDEXED * node.indexed for node in ordered], dtype=np.uint8),
        )

    @property
    def indexed(self) -> Mask:
        """Holders of rows: of which every row was read into the record index."""
        found: Mask = (self.traits & np.uint8(Trait.INDEXED)) != 0
        return found

    def of_kind(self, kinds: Collection[ArtifactKind]) -> Mask:
        """Which artifacts are of one of some kinds."""
        chosen = np.array([kind in kinds for kind in KINDS])
        found: Mask = chosen[self.kinds]
        return found

    def places_of(self, ids: Ids) -> NDArray[np.intp]:
        """The row of each of some artifacts.

        Raises:
            ValueError: One is not here.
        """
        if len(ids) and not len(self):
            raise ValueError(f"There is no artifact {ids[0]}.")
        places = np.minimum(np.searchsorted(self.ids, ids), len(self) - 1)
        if (self.ids[places] != ids).any():
            raise ValueError(f"There is no artifact {ids[self.ids[places] != ids][0]}.")
        return places


@dataclass(frozen=True, kw_only=True, eq=False)
class EdgeColumns:
    """Edges that hold, one a row; all columns have one length."""

    #: Artifact ids.
    upstream: Ids
    downstream: Ids
    #: Codes of :data:`lineage.closure.links.RELATIONS`.
    relation: Codes

    def __len__(self) -> int:
        """How many edges there are."""
        return len(self.upstream)

    @classmethod
    def of(cls, edges: Iterable[Edge]) -> "EdgeColumns":
        """Lay edges out, in their order."""
        rows = np.array(
            [(edge.upstream, edge.downstream, CODES[edge.relation]) for edge in edges],
            dtype=np.int64,
        ).reshape(-1, 3)
        return cls(
            upstream=rows[:, 0].copy(),
            downstream=rows[:, 1].copy(),
            relation=rows[:, 2].astype(np.uint8),
        )

    def where(self, chosen: NDArray[np.bool_] | NDArray[np.intp]) -> "EdgeColumns":
        """Some of the edges."""
        return EdgeColumns(
            upstream=self.upstream[chosen],
            downstream=self.downstream[chosen],
            relation=self.relation[chosen],
        )

    def and_also(self, others: "EdgeColumns") -> "EdgeColumns":
        """These edges, and others behind them."""
        return EdgeColumns(
            upstream=np.concatenate([self.upstream, others.upstream]),
            downstream=np.concatenate([self.downstream, others.downstream]),
            relation=np.concatenate([self.relation, others.relation]),
        )

    def among(self, others: "EdgeColumns") -> Mask:
        """Which of these edges stand among others."""
        if not len(self) or not len(others):
            return np.zeros(len(self), dtype=np.bool_)
        near = np.flatnonzero(
            np.isin(self.downstream, others.downstream) & np.isin(self.upstream, others.upstream)
        )
        wanted = set(others.rows())
        found = np.zeros(len(self), dtype=np.bool_)
        found[near] = [row in wanted for row in self.where(near).rows()]
        return found

    def rows(self) -> Iterable[tuple[int, int, int]]:
        """Upstream, downstream and relation of each edge."""
        columns = (self.upstream.tolist(), self.downstream.tolist(), self.relation.tolist())
        return zip(*columns, strict=True)

    def links(self, *, until: int) -> Links:
        """The edges as links that were always on record, until a moment."""
        return Links(
            upstream=self.upstream,
            downstream=self.downstream,
            relation=self.relation,
            since=np.zeros(len(self), dtype=np.int64),
            until=np.full(len(self), until, dtype=np.int64),
        )


#: Whether an edge carries influence, by relation code, kind code of the downstream artifact, and
#: whether that artifact's rows were all read.
CARRIES: NDArray[np.bool_] = np.array(
    [
        [
            [
                PROPAGATION[relation].influence is not None
                and not blocked_by(relation, Node(id=0, kind=kind, name="", indexed=indexed))
                for indexed in (False, True)
            ]
            for kind in KINDS
        ]
        for relation in RELATIONS
    ]
)
#: Relations, by code, that can carry influence.
CAN_CARRY: Mask = np.array([rules.any() for rules in CARRIES])
#: Relations, by code, of which evidence can show that nothing crossed.
BLOCKABLE: Mask = np.array([rules.any() and not rules.all() for rules in CARRIES])


def carrying(edges: EdgeColumns, nodes: NodeColumns) -> Mask:
    """Which edges carry influence: the rules of :mod:`lineage.closure.propagation`, in columns.

    Raises:
        ValueError: An edge leads to no artifact of these.
    """
    into = nodes.places_of(edges.downstream)
    found: Mask = CARRIES[
        edges.relation, nodes.kinds[into], (nodes.traits[into] & np.uint8(Trait.INDEXED))
    ]
    return found
