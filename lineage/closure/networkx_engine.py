"""The closure by NetworkX: exact and plain, and the oracle for any faster engine."""

from collections import deque
from collections.abc import Callable, Collection, Mapping
from typing import TypeAlias

import networkx as nx

from lineage.closure import Closure, Reach, Snapshot
from lineage.closure.propagation import STRENGTH, carried, carrying_edges
from lineage.graph import PROPAGATION, Edge, Influence

Successors: TypeAlias = Mapping[int, list[Edge]]


class NetworkxEngine:
    """A :class:`lineage.closure.ClosureEngine` that holds the graph in memory."""

    def trace(self, snapshot: Snapshot, sources: Collection[int]) -> Closure:
        """Walk every carrying edge downstream from the sources; see the protocol."""
        known = {node.id for node in snapshot.nodes}
        start = sorted(known & set(sources))
        successors = _successors(carrying_edges(snapshot))
        certain = _shortest_paths(successors, start, _is_certain)
        paths = _shortest_paths(successors, start, lambda _: True) | certain
        influence = _influence(successors, start)
        ranks, cycles = _ranks(successors, paths)
        return Closure(
            reached={
                node: Reach(
                    influence=tuple(sorted(influence[node], key=STRENGTH.index)),
                    path=paths[node],
                    rank=ranks[node],
                    certainty="certain" if node in certain else "possible",
                )
                for node in sorted(paths, key=lambda node: (ranks[node], node))
            },
            unknown_sources=tuple(sorted(set(sources) - known)),
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
) -> dict[int, tuple[int, ...]]:
    """Breadth-first paths over the edges that ``use`` admits; ties fall to the lowest id."""
    paths: dict[int, tuple[int, ...]] = {node: (node,) for node in start}
    waiting = deque(start)
    while waiting:
        node = waiting.popleft()
        for edge in successors.get(node, ()):
            if edge.downstream not in paths and use(edge):
                paths[edge.downstream] = (*paths[node], edge.downstream)
                waiting.append(edge.downstream)
    return paths


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
