"""Every path from the start of a trace to one artifact, one after the other: pure."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import TypeAlias

from lineage.graph import Edge

#: For each node those at the other end of its edges, in the order of their ids.
Neighbours: TypeAlias = Mapping[int, list[int]]


def simple_paths(
    edges: Collection[Edge], sources: Collection[int], target: int
) -> Iterator[tuple[int, ...]]:
    """Find the paths from any source to a target that visit no artifact twice, each once.

    There may be more of them than could ever be read, so they come one at a time, in the order of
    the ids along them. No step is taken from which the target cannot be reached any more, so the
    next path is never far: without cycles it takes time in proportion to its length and to the
    edges at its nodes; within cycles each step searches what is left of the graph once.

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
    upstream = _neighbours((edge.downstream, edge.upstream) for edge in edges)
    leading = _leading(target, upstream, avoiding=frozenset())
    downstream = _neighbours(
        (edge.upstream, edge.downstream)
        for edge in edges
        if edge.upstream in leading and edge.downstream in leading
    )
    has_cycle = _has_cycle(downstream)
    for source in sorted(leading & set(sources)):
        if source == target:
            yield (target,)
            continue
        path = [source]
        open_ways = [iter(downstream.get(source, ()))]
        while path:
            there = next(open_ways[-1], None)
            if there is None:
                path.pop()
                open_ways.pop()
            elif there == target:
                yield (*path, target)
            elif not has_cycle or there in _leading(target, upstream, avoiding=frozenset(path)):
                path.append(there)
                open_ways.append(iter(downstream.get(there, ())))


def _neighbours(pairs: Iterable[tuple[int, int]]) -> dict[int, list[int]]:
    found: dict[int, set[int]] = {}
    for node, other in pairs:
        found.setdefault(node, set()).add(other)
    return {node: sorted(others) for node, others in found.items()}


def _leading(target: int, upstream: Neighbours, *, avoiding: Collection[int]) -> set[int]:
    """The nodes from which a way leads to the target past those to be avoided, itself included."""
    found = {target}
    waiting = [target]
    while waiting:
        for node in upstream.get(waiting.pop(), ()):
            if node not in found and node not in avoiding:
                found.add(node)
                waiting.append(node)
    return found


def _has_cycle(downstream: Neighbours) -> bool:
    try:
        TopologicalSorter(downstream).prepare()
    except CycleError:
        return True
    return False
