"""Derivations as columns: which link carries what, and from which moment to which it holds."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lineage.closure.propagation import STRENGTH, carried, carrying_edges
from lineage.closure.snapshot import Snapshot
from lineage.graph import PROPAGATION, Edge, Influence, Relation

Ids = NDArray[np.int64]

#: Relations in the order of their codes; a code fits into five bits.
RELATIONS: tuple[Relation, ...] = tuple(Relation)
CODES: dict[Relation, int] = {relation: code for code, relation in enumerate(RELATIONS)}
#: The moment at which a link that holds ends: never.
NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True, kw_only=True, eq=False)
class Links:
    """Carrying edges, one a row; all columns have one length.

    What carries nothing, or is blocked by evidence, is no link while that is so.
    """

    #: Artifact ids.
    upstream: Ids
    downstream: Ids
    #: Codes of :data:`RELATIONS`.
    relation: NDArray[np.uint8]
    #: The moment from which the link was on record.
    since: Ids
    #: The moment from which it was on record that it holds no longer; :data:`NEVER` while it holds.
    until: Ids

    def __len__(self) -> int:
        """How many links there are."""
        return len(self.upstream)

    @classmethod
    def none(cls) -> "Links":
        """No link."""
        return links_from(())

    def at(self, moment: int | None) -> "Links":
        """The links on record at a moment; None for those that hold now."""
        kept = (
            self.until == NEVER
            if moment is None
            else (self.since <= moment) & (moment < self.until)
        )
        return Links(
            upstream=self.upstream[kept],
            downstream=self.downstream[kept],
            relation=self.relation[kept],
            since=self.since[kept],
            until=self.until[kept],
        )

    def edges(self) -> list[Edge]:
        """The links as edges, sorted and each once."""
        rows = zip(
            self.upstream.tolist(), self.downstream.tolist(), self.relation.tolist(), strict=True
        )
        return [
            Edge(upstream=up, downstream=down, relation=RELATIONS[code])
            for up, down, code in sorted(set(rows))
        ]


def links_of(snapshot: Snapshot) -> Links:
    """The carrying edges of a graph at one moment, as links that hold."""
    return links_from(carrying_edges(snapshot))


def links_from(edges: Iterable[Edge]) -> Links:
    """Edges as links that always held."""
    rows = np.array(
        [(edge.upstream, edge.downstream, CODES[edge.relation]) for edge in edges], dtype=np.int64
    ).reshape(-1, 3)
    return Links(
        upstream=rows[:, 0].copy(),
        downstream=rows[:, 1].copy(),
        relation=rows[:, 2].astype(np.uint8),
        since=np.zeros(len(rows), dtype=np.int64),
        until=np.full(len(rows), NEVER, dtype=np.int64),
    )


def mask_of(influence: Iterable[Influence]) -> int:
    """Kinds of influence as bits, the strongest the lowest.

    >>> mask_of([Influence.CONTENT, Influence.EXPOSURE])
    9
    """
    return sum(1 << STRENGTH.index(each) for each in set(influence))


#: Bits to kinds of influence, strongest first.
INFLUENCES: tuple[tuple[Influence, ...], ...] = tuple(
    tuple(each for bit, each in enumerate(STRENGTH) if mask >> bit & 1)
    for mask in range(1 << len(STRENGTH))
)


def crossing_table() -> NDArray[np.uint8]:
    """What becomes of a set of influences on a link: bits by relation code and bits before.

    The highest bit says that a link of this relation carries for certain.
    """
    table = np.zeros((len(RELATIONS), len(INFLUENCES)), dtype=np.uint8)
    for code, relation in enumerate(RELATIONS):
        sure = 0x80 if PROPAGATION[relation].certainty == "certain" else 0
        for mask, influences in enumerate(INFLUENCES):
            arriving = {carried(relation, each) for each in influences} - {None}
            table[code, mask] = sure | mask_of(each for each in arriving if each is not None)
    return table
