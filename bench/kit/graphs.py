"""Large provenance graphs, drawn from a seed: many lines of work that grow side by side.

Artifacts are numbered in the order in which they came to be. Each belongs to a line of work and
came from up to five earlier ones of the same line; the lines lie scattered over the numbers, so a
walk along one of them jumps through memory as it does in a real graph.
"""

from dataclasses import dataclass

import numpy as np

from lineage.closure.links import CODES, NEVER, Ids, Links
from lineage.graph import PROPAGATION

#: Links into each artifact, except the first ones of a line.
PARENTS = 5
#: Artifacts that one transaction records.
_BATCH = 50
#: The share of links that ended.
_ENDED = 0.02
#: The biggest line's share of all artifacts, and the sizes of the others.
_BIGGEST, _SMALL, _LARGE = 0.12, 2_000, 40_000
_CARRYING = np.array(
    [CODES[relation] for relation, rule in PROPAGATION.items() if rule.influence is not None],
    dtype=np.uint8,
)


@dataclass(frozen=True, kw_only=True, eq=False)
class BigGraph:
    """A graph and where to start in it."""

    nodes: Ids
    links: Links
    #: The last moment.
    moment: int
    #: The first artifacts of each line of work, the biggest line first.
    sources: Ids
    #: Artifacts of each line.
    sizes: Ids


def draw_graph(count: int, *, seed: int) -> BigGraph:
    """Draw a graph of ``count`` nodes and about :data:`PARENTS` times as many links."""
    random = np.random.default_rng(seed)
    sizes = _line_sizes(count, random)
    line = np.repeat(np.arange(len(sizes)), sizes)
    random.shuffle(line)
    members = np.argsort(line, kind="stable")  # by line, then by age
    starts = np.cumsum(sizes) - sizes
    place = np.arange(count) - np.repeat(starts, sizes)
    begin = np.repeat(starts, sizes)
    upstream = np.empty((count, PARENTS), dtype=np.int64)
    for parent in range(PARENTS):
        # Towards the younger ones: most work builds on recent work.
        earlier = (place * random.random(count) ** 0.5).astype(np.int64)
        upstream[:, parent] = members[begin + earlier]
    later = place > 0
    up = upstream[later].ravel()
    down = np.repeat(members[later], PARENTS)
    since = down // _BATCH + 1
    moment = count // _BATCH + 2
    ended = random.random(len(up)) < _ENDED
    return BigGraph(
        nodes=np.arange(count, dtype=np.int64),
        links=Links(
            upstream=up,
            downstream=down,
            relation=random.choice(_CARRYING, len(up)),
            since=since,
            until=np.where(ended, np.minimum(since + 1 + random.integers(0, 99), moment), NEVER),
        ),
        moment=moment,
        sources=members[starts],
        sizes=sizes,
    )


def fresh_links(graph: BigGraph, count: int, *, seed: int) -> tuple[Ids, Links]:
    """New artifacts, and ``count`` links into them, recorded after everything else."""
    random = np.random.default_rng(seed)
    nodes = len(graph.nodes) + np.arange(count // 2, dtype=np.int64)
    return nodes, Links(
        upstream=random.integers(0, len(graph.nodes), count),
        downstream=np.repeat(nodes, 2)[:count],
        relation=random.choice(_CARRYING, count),
        since=np.full(count, graph.moment + 1, dtype=np.int64),
        until=np.full(count, NEVER, dtype=np.int64),
    )


def _line_sizes(count: int, random: np.random.Generator) -> Ids:
    """Sizes of the lines, the biggest first; they add up to ``count``."""
    small, large = min(_SMALL, max(count // 50, 1)), min(_LARGE, max(count // 5, 2))
    biggest = int(count * _BIGGEST)
    drawn = random.pareto(1.2, count // small + 1) * small + small
    drawn = np.minimum(drawn, large).astype(np.int64)
    rest = count - biggest
    used = int(np.searchsorted(np.cumsum(drawn), rest, side="right"))
    sizes = drawn[:used]
    left = rest - int(sizes.sum())
    return np.concatenate([[biggest], np.sort(sizes)[::-1], [left] if left else []]).astype(
        np.int64
    )
