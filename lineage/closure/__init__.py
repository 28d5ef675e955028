"""What a set of source nodes reaches: one interface, so that the engine behind it may change."""

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from lineage.closure.links import INFLUENCES, Ids
from lineage.closure.snapshot import Snapshot
from lineage.graph import Influence

__all__ = ["Closure", "ClosureEngine", "Reach", "Snapshot"]

Column = NDArray[np.int32]


@dataclass(frozen=True, kw_only=True)
class Reach:
    """How one node is reached."""

    #: Strongest first.
    influence: tuple[Influence, ...]
    #: A shortest path of node ids from a source to this node, both included; where a path of
    #: certain edges exists, a shortest of those. Among equally short ones it comes by the lowest
    #: ids, looked at from its end.
    path: tuple[int, ...]
    #: Longest chain of derivations from a source; equal only inside one cycle.
    rank: int
    #: ``certain`` when a path of certain edges exists, else ``possible``.
    certainty: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Closure:
    """Everything that the sources reach, without any cap: one row a node, sources included.

    The columns stand in no order that means anything; all of them have one length.
    """

    #: The engine's own numbers of the reached nodes.
    keys: Column
    #: Node ids.
    nodes: Ids
    #: Kinds of influence as bits (:data:`lineage.closure.links.INFLUENCES`).
    masks: NDArray[np.uint8]
    #: Longest chain of derivations from a source; equal only inside one cycle.
    ranks: Column
    #: Whether a path of certain edges leads here.
    certain: NDArray[np.bool_]
    #: The number of the node before this one on a shortest path; of a source, its own.
    before: Column
    #: The same on a shortest path of certain edges; means nothing where not ``certain``.
    before_certain: Column
    #: Sources that the graph does not hold; their answer is unknown.
    unknown_sources: tuple[int, ...] = field(default=())
    #: Groups of nodes that came from each other, each sorted.
    cycles: tuple[tuple[int, ...], ...] = field(default=())

    def __len__(self) -> int:
        """How many nodes are reached."""
        return len(self.keys)

    @cached_property
    def by_rank(self) -> NDArray[np.intp]:
        """Row numbers in the order in which artifacts came from each other: by rank, then id."""
        return np.lexsort((self.nodes, self.ranks))

    @cached_property
    def reached(self) -> dict[int, Reach]:
        """How each node is reached, by id, in the order of :attr:`by_rank`."""
        return {int(self.nodes[row]): self.reach_at(int(row)) for row in self.by_rank}

    def reach_at(self, row: int) -> Reach:
        """How the node of one row is reached."""
        certain = bool(self.certain[row])
        return Reach(
            influence=INFLUENCES[self.masks[row]],
            path=self._path(row, self.before_certain if certain else self.before),
            rank=int(self.ranks[row]),
            certainty="certain" if certain else "possible",
        )

    @cached_property
    def _by_key(self) -> NDArray[np.intp]:
        return np.argsort(self.keys)

    def _row_of(self, key: int) -> int:
        return int(self._by_key[np.searchsorted(self.keys, key, sorter=self._by_key)])

    def _path(self, row: int, before: Column) -> tuple[int, ...]:
        """Walk back to a source; each step is one shorter, so the walk ends."""
        path = [int(self.nodes[row])]
        while (earlier := int(before[row])) != self.keys[row]:
            row = self._row_of(earlier)
            path.append(int(self.nodes[row]))
        return tuple(reversed(path))


class ClosureEngine(Protocol):
    """Answers what the sources reach."""

    def trace(self, sources: Collection[int], *, as_of: int | None = None) -> Closure:
        """Walk every link downstream from the sources.

        Args:
            sources: Node ids to start from.
            as_of: Walk the links on record at this moment; None for those that hold now.

        Returns:
            The whole closure: exact, deterministic, never cut short.
        """
        ...
