"""Every path from the start of a trace to one artifact, one after the other: pure."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TypeAlias

import networkx as nx

from lineage.graph import Edge

#: For each node those at the other end of its edges, in the order of their ids.
Neighbours: TypeAlias = Mapping[int, list[int]]


def simple_paths(
    edges: Iterable[Edge], sources: Collection[int], target: int
) -> Iterator[tuple[int, ...]]:
    """Find the paths from any source to a target that visit no artifact twice, each once.

    There may be more of them than could ever be read, so they come one at a time, in the order of
    the ids along them. No step is taken from which the target cannot be reached any more, so the
    next path is never far: it takes time in proportion to its length and to the edges at its
    nodes, and for each step into a cycle as much as that cycle has edges.

    >>> from lineage.graph import Relation
    >>> ends = [(1, 2), (1, 3), (2, 4), (3, 4)]
    >>> relation = Relation.FINE_TUNED_FROM
    >>> edges = [Edge(upstream=a, downstream=b, relation=relation) for a, b in ends]
    >>> list(simple_paths(edges, [1], 4))
    [(1, 2, 4), (1, 3, 4)]

    Args:
        edges: Those that carry influence.
        sources: Ids of the nodes to start from.
        target: Id of the node to reach; where it is a source, it alone is a path too.
    """
    ways = _ways_to(target, edges)
    cycles = _cycles(ways)
    for source in sorted({target, *ways}.intersection(sources)):
        if source == target:
            yield (target,)
            continue
        # A dictionary keeps the order of the path and finds a node on it at once.
        path = {source: iter(ways[source])}
        while path:
            there = next(path[next(reversed(path))], None)
            if there is None:
                path.popitem()
            elif there == target:
                yield (*path, target)
            elif _leads_on(there, target, ways, cycles, avoiding=path):
                path[there] = iter(ways[there])


def _ways_to(target: int, edges: Iterable[Edge]) -> dict[int, list[int]]:
    """Every edge from which the target can be reached, but for those that leave the target."""
    upstream: dict[int, set[int]] = {}
    for edge in edges:
        upstream.setdefault(edge.downstream, set()).add(edge.upstream)
    ways: dict[int, list[int]] = {}
    met, waiting = {target}, [target]
    while waiting:
        there = waiting.pop()
        for node in upstream.get(there, set()) - {target}:
            ways.setdefault(node, []).append(there)
            if node not in met:
                met.add(node)
                waiting.append(node)
    return {node: sorted(others) for node, others in ways.items()}


def _cycles(ways: Neighbours) -> dict[int, int]:
    """A number for each node that lies in a cycle, equal for those that lead to each other."""
    graph: nx.DiGraph[int] = nx.DiGraph(
        (node, there) for node, others in ways.items() for there in others
    )
    groups = nx.strongly_connected_components(graph)
    return {node: number for number, group in enumerate(groups) if len(group) > 1 for node in group}


def _leads_on(
    there: int,
    target: int,
    ways: Neighbours,
    cycles: Mapping[int, int],
    *,
    avoiding: Collection[int],
) -> bool:
    """Whether a way leads from a node to the target past the nodes of a path that leads there.

    Outside a cycle none of them can be met again; within one, a way out of it is all that is
    needed.
    """
    if there not in cycles:
        return True
    if there in avoiding:
        return False
    found, waiting = {there}, [there]
    while waiting:
        for node in ways[waiting.pop()]:
            if node == target or cycles.get(node) != cycles[there]:
                return True
            if node not in found and node not in avoiding:
                found.add(node)
                waiting.append(node)
    return False
