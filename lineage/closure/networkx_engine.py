"""The closure by NetworkX: exact and plain, and the oracle for any faster engine."""

from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TypeAlias

import networkx as nx
import numpy as np

from lineage.closure import Closure
from lineage.closure.links import Links, links_of, mask_of
from lineage.closure.propagation import carried
from lineage.closure.snapshot import Snapshot
from lineage.graph import PROPAGATION, Edge, Influence

Successors: TypeAlias = Mapping[int, list[Edge]]


class NetworkxEngine:
    """A :class:`lineage.closure.ClosureEngine` that holds the graph in memory."""

    def __init__(self, *, nodes: Iterable[int], links: Links) -> None:
        """Take a graph.

        Args:
            nodes: Ids of all nodes.
            links: Between these nodes.
        """
        self._nodes, self._links = frozenset(nodes), links

    @classmethod
    def of(cls, snapshot: Snapshot) -> "NetworkxEngine":
        """The engine of a graph at one moment."""
        return cls(nodes=(node.id for node in snapshot.nodes), links=links_of(snapshot))

    def trace(self, sources: Collection[int], *, as_of: int | None = None) -> Closure:
        """Walk every link downstream from the sources; see the protocol."""
        start = sorted(self._nodes & set(sources))
        successors = _successors(self._links.at(as_of).edges())
        before = _shortest_paths(successors, start, lambda _: True)
        certain = _shortest_paths(successors, start, _is_certain)
        influence = _influence(successors, start)
        ranks, cycles = _ranks(successors, before)
        names = np.array(sorted(before), dtype=np.int64)
        keys = {int(node): key for key, node in enumerate(names)}
        return Closure(
            keys=np.arange(len(names), dtype=np.int32),
            nodes=names,
            masks=np.array([mask_of(influence[node]) for node in keys], dtype=np.uint8),
            ranks=np.array([ranks[node] for node in keys], dtype=np.int32),
            certain=np.array([node in certain for node in keys], dtype=np.bool_),
            before=np.array([keys[before[node]] for node in keys], dtype=np.int32),
            before_certain=np.array(
                [keys[certain.get(node, node)] for node in keys], dtype=np.int32
            ),
            unknown_sources=tuple(sorted(set(sources) - self._nodes)),
            cycles=cycles,
        )


def _successors(edges: Collection[Edge]) -> dict[int, list[Edge]]:
    """Group sorted edges by their upstream node."""
    grouped: dict[int, list[Edge]] = {}
    for edge in edges:
        grouped.setdefault(edge.upstream, []).append(edge)
    return grouped


def _is_certain(edge: Edge) -> bool:
    return PROPAGATION[edge.relation].certainty == "certain"


def _shortest_paths(
    successors: Successors, start: Collection[int], use: Callable[[Edge], bool]
) -> dict[int, int]:
    """The node before each on a shortest path over the edges that ``use`` admits.

    Of several, the one with the lowest id; of a source, itself.
    """
    before = {node: node for node in start}
    depth = dict.fromkeys(start, 0)
    waiting = deque(start)
    while waiting:
        node = waiting.popleft()
        for edge in successors.get(node, ()):
            there = edge.downstream
            if not use(edge) or depth.get(there, depth[node] + 1) <= depth[node]:
                continue
            if there not in depth:
                depth[there] = depth[node] + 1
                waiting.append(there)
            before[there] = min(before.get(there, node), node)
    return before


def _influence(successors: Successors, start: Collection[int]) -> dict[int, set[Influence]]:
    """Least fixed point: each influence crosses each edge until nothing new arrives."""
    held: dict[int, set[Influence]] = {node: {Influence.CONTENT} for node in start}
    waiting = deque((node, Influence.CONTENT) for node in start)
    while waiting:
        node, influence = waiting.popleft()
        for edge in successors.get(node, ()):
            arriving = carried(edge.relation, influence)
            there = held.setdefault(edge.downstream, set())
            if arriving is not None and arriving not in there:
                there.add(arriving)
                waiting.append((edge.downstream, arriving))
    return held


def _ranks(
    successors: Successors, reached: Collection[int]
) -> tuple[dict[int, int], tuple[tuple[int, ...], ...]]:
    """Longest-chain ranks over the condensation, and the cycles that it folded."""
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_nodes_from(reached)
    graph.add_edges_from(
        (edge.upstream, edge.downstream) for node in reached for edge in successors.get(node, ())
    )
    folded = nx.condensation(graph)
    ranks: dict[int, int] = {}
    cycles: list[tuple[int, ...]] = []
    for group in nx.topological_sort(folded):
        before = [ranks[next(iter(folded.nodes[p]["members"]))] for p in folded.predecessors(group)]
        members = folded.nodes[group]["members"]
        ranks.update(dict.fromkeys(members, max(before, default=-1) + 1))
        if len(members) > 1:
            cycles.append(tuple(sorted(members)))
    return ranks, tuple(sorted(cycles))
