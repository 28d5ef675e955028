"""Layered drawing of a small directed graph, worked out on the server.

The method is that of Sugiyama, Tagawa and Toda (1981), "Methods for Visual Understanding of
Hierarchical System Structures", IEEE Trans. SMC 11(2): rank the nodes by longest path, break long
edges with invisible nodes so that every edge joins neighbouring ranks, then order each rank by the
barycentre of its neighbours, sweeping up and down.

It does not guarantee the fewest crossings (that problem is NP-hard); it keeps the best order met.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

#: Number of down-and-up sweeps; more than four rarely improves a graph of a few hundred nodes.
SWEEPS = 4

_Edge = tuple[Hashable, Hashable]
_Ranks = list[list[Hashable]]
_Neighbours = Mapping[Hashable, Sequence[Hashable]]


@dataclass(frozen=True, kw_only=True)
class Metrics:
    """Sizes of the drawing in user units (CSS pixels at scale 1)."""

    box_width: int = 192
    box_height: int = 48
    gap_along: int = 44
    gap_across: int = 18
    margin: int = 16


@dataclass(frozen=True, kw_only=True)
class Box:
    """Where one node stands; ``x`` and ``y`` are its upper left corner."""

    node: Hashable
    rank: int
    x: float
    y: float


@dataclass(frozen=True, kw_only=True)
class Wire:
    """One edge as an SVG path from the right side of its tail to the left side of its head."""

    tail: Hashable
    head: Hashable
    path: str


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """The whole drawing, ranks running from left to right."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    wires: tuple[Wire, ...]


def draw(
    nodes: Sequence[Hashable], edges: Iterable[_Edge], *, metrics: Metrics | None = None
) -> Drawing:
    """Place every node and route every edge.

    Args:
        nodes: The nodes, each once; their order settles ties, so equal input draws equally.
        edges: ``(tail, head)`` pairs among the nodes; an edge that would close a cycle is drawn
            backwards and does not move any rank.
        metrics: Sizes of boxes and gaps.

    Returns:
        The drawing; without nodes its size is two margins and nothing stands in it.

    >>> drawing = draw(["a", "b", "c"], [("a", "b"), ("b", "c"), ("a", "c")])
    >>> [box.rank for box in drawing.boxes]
    [0, 1, 2]
    """
    sizes = metrics or Metrics()
    kept = list(dict.fromkeys(edges))
    forward = _without_cycles(nodes, kept)
    rank_of = _longest_path_ranks(nodes, forward)
    chains = {edge: _chain(edge, rank_of) for edge in forward}
    ranks = _ordered_ranks(nodes, rank_of, chains.values())
    centres = _centres(ranks, sizes)
    tallest = max((len(rank) for rank in ranks), default=0)
    return Drawing(
        width=2 * sizes.margin + _span(len(ranks), sizes.box_width, sizes.gap_along),
        height=2 * sizes.margin + _span(tallest, sizes.box_height, sizes.gap_across),
        boxes=tuple(_box(node, rank_of[node], centres[node], sizes) for node in nodes),
        wires=tuple(
            Wire(
                tail=edge[0],
                head=edge[1],
                path=_curve([centres[point] for point in chains.get(edge, edge)], sizes),
            )
            for edge in kept
        ),
    )


def _box(node: Hashable, rank: int, centre: tuple[float, float], sizes: Metrics) -> Box:
    x, y = centre
    return Box(node=node, rank=rank, x=x - sizes.box_width / 2, y=y - sizes.box_height / 2)


def _span(count: int, size: int, gap: int) -> int:
    """Length of ``count`` boxes in a row with gaps between them."""
    return count * size + max(count - 1, 0) * gap


def _without_cycles(nodes: Sequence[Hashable], edges: Sequence[_Edge]) -> list[_Edge]:
    """The edges less those that lead back to a node still being visited (depth first)."""
    heads: dict[Hashable, list[Hashable]] = defaultdict(list)
    for tail, head in edges:
        heads[tail].append(head)
    back: set[_Edge] = set()
    finished: set[Hashable] = set()
    for root in nodes:
        trail = [] if root in finished else [(root, iter(heads[root]))]
        under_way = {root}
        while trail:
            node, rest = trail[-1]
            head = next((h for h in rest if h not in finished), None)
            if head is None:
                finished.add(node)
                under_way.discard(node)
                trail.pop()
            elif head in under_way:
                back.add((node, head))
            else:
                under_way.add(head)
                trail.append((head, iter(heads[head])))
    return [edge for edge in edges if edge not in back]


def _longest_path_ranks(nodes: Sequence[Hashable], edges: Sequence[_Edge]) -> dict[Hashable, int]:
    """Rank of each node: the number of edges on the longest path that ends in it."""
    heads: dict[Hashable, list[Hashable]] = defaultdict(list)
    waiting = dict.fromkeys(nodes, 0)
    for tail, head in edges:
        heads[tail].append(head)
        waiting[head] += 1
    rank_of = dict.fromkeys(nodes, 0)
    ready = [node for node in nodes if not waiting[node]]
    for node in ready:
        for head in heads[node]:
            rank_of[head] = max(rank_of[head], rank_of[node] + 1)
            waiting[head] -= 1
            if not waiting[head]:
                ready.append(head)
    return rank_of


def _chain(edge: _Edge, rank_of: Mapping[Hashable, int]) -> list[Hashable]:
    """The edge as a run of nodes one rank apart; the ones between its ends are invisible."""
    tail, head = edge
    between = range(rank_of[tail] + 1, rank_of[head])
    return [tail, *(("bend", tail, head, rank) for rank in between), head]


def _ordered_ranks(
    nodes: Sequence[Hashable],
    rank_of: Mapping[Hashable, int],
    chains: Iterable[Sequence[Hashable]],
) -> _Ranks:
    """Nodes and bends of each rank in the order with the fewest crossings met by the sweeps."""
    ranks: _Ranks = [[] for _ in range(max(rank_of.values(), default=-1) + 1)]
    for node in nodes:
        ranks[rank_of[node]].append(node)
    before: dict[Hashable, list[Hashable]] = defaultdict(list)
    after: dict[Hashable, list[Hashable]] = defaultdict(list)
    for chain in chains:
        for offset, bend in enumerate(chain[1:-1], start=1):
            ranks[rank_of[chain[0]] + offset].append(bend)
        for tail, head in pairwise(chain):
            after[tail].append(head)
            before[head].append(tail)
    best, fewest = ranks, _crossings(ranks, after)
    for _ in range(SWEEPS):
        ranks = _sweep(_sweep(ranks, before)[::-1], after)[::-1]
        found = _crossings(ranks, after)
        if found < fewest:
            best, fewest = ranks, found
    return best


def _sweep(ranks: _Ranks, neighbours: _Neighbours) -> _Ranks:
    """Sort each rank after the first by the mean place of its neighbours in the one before."""
    swept = ranks[:1]
    for rank in ranks[1:]:
        place = {node: index for index, node in enumerate(swept[-1])}
        means = {
            node: _mean([place[n] for n in neighbours.get(node, ()) if n in place], own)
            for own, node in enumerate(rank)
        }
        swept.append(sorted(rank, key=means.__getitem__))
    return swept


def _mean(places: Sequence[int], own: int) -> float:
    """Mean of the places; a node without neighbours keeps its own."""
    return sum(places) / len(places) if places else own


def _crossings(ranks: _Ranks, after: _Neighbours) -> int:
    """Number of pairs of edges between neighbouring ranks that cross."""
    total = 0
    for rank, later in pairwise(ranks):
        place = {node: index for index, node in enumerate(later)}
        ends = [end for node in rank for end in sorted(place[head] for head in after.get(node, ()))]
        total += sum(
            1 for index, end in enumerate(ends) for other in ends[index + 1 :] if other < end
        )
    return total


def _centres(ranks: _Ranks, sizes: Metrics) -> dict[Hashable, tuple[float, float]]:
    """Middle point of each node and bend; every rank is centred on the tallest."""
    tallest = max((len(rank) for rank in ranks), default=0)
    whole = _span(tallest, sizes.box_height, sizes.gap_across)
    centres: dict[Hashable, tuple[float, float]] = {}
    for number, rank in enumerate(ranks):
        x = sizes.margin + number * (sizes.box_width + sizes.gap_along) + sizes.box_width / 2
        top = sizes.margin + (whole - _span(len(rank), sizes.box_height, sizes.gap_across)) / 2
        for index, node in enumerate(rank):
            y = top + index * (sizes.box_height + sizes.gap_across) + sizes.box_height / 2
            centres[node] = (x, y)
    return centres


def _curve(points: Sequence[tuple[float, float]], sizes: Metrics) -> str:
    """Smooth SVG path through the centres, leaving the first box and meeting the last one."""
    half = sizes.box_width / 2
    places = [(points[0][0] + half, points[0][1])]
    for x, y in points[1:-1]:
        places += [(x - half, y), (x + half, y)]
    places.append((points[-1][0] - half, points[-1][1]))
    path = f"M{places[0][0]:g} {places[0][1]:g}"
    for (x0, y0), (x1, y1) in pairwise(places):
        middle = (x0 + x1) / 2
        path += f" C{middle:g} {y0:g} {middle:g} {y1:g} {x1:g} {y1:g}"
    return path
