"""What a set of source nodes reaches: one interface, so that the engine behind it may change."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from lineage.closure.snapshot import Snapshot
from lineage.graph import Influence

__all__ = ["Closure", "ClosureEngine", "Reach", "Snapshot"]


@dataclass(frozen=True, kw_only=True)
class Reach:
    """How one node is reached."""

    #: Strongest first.
    influence: tuple[Influence, ...]
    #: A shortest path of node ids from a source to this node, both included; where a path of
    #: certain edges exists, a shortest of those.
    path: tuple[int, ...]
    #: Longest chain of derivations from a source; equal only inside one cycle.
    rank: int
    #: ``certain`` when a path of certain edges exists, else ``possible``.
    certainty: str


@dataclass(frozen=True, kw_only=True)
class Closure:
    """Everything that the sources reach, without any cap."""

    #: By node id, sources included.
    reached: Mapping[int, Reach]
    #: Sources that the snapshot does not hold; their answer is unknown.
    unknown_sources: tuple[int, ...] = field(default=())
    #: Groups of nodes that came from each other, each sorted.
    cycles: tuple[tuple[int, ...], ...] = field(default=())


class ClosureEngine(Protocol):
    """Answers what the sources reach."""

    def trace(self, snapshot: Snapshot, sources: Collection[int]) -> Closure:
        """Walk every carrying edge downstream from the sources.

        Args:
            snapshot: The graph; not changed.
            sources: Node ids to start from.

        Returns:
            The whole closure: exact, deterministic, never cut short.
        """
        ...
