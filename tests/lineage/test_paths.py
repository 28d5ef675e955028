"""Every path, one after the other; no database."""

import doctest
from collections.abc import Sequence
from itertools import islice

import networkx as nx
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage import paths
from lineage.graph import Edge, Relation
from lineage.paths import simple_paths

Pair = tuple[int, int]
NODES = range(7)
PAIRS = st.lists(
    st.tuples(st.sampled_from(NODES), st.sampled_from(NODES)).filter(lambda p: p[0] != p[1]),
    max_size=16,
)


def edges(pairs: Sequence[Pair]) -> list[Edge]:
    relation = Relation.FINE_TUNED_FROM
    return [Edge(upstream=up, downstream=down, relation=relation) for up, down in pairs]


def test_the_example_holds() -> None:
    assert doctest.testmod(paths).failed == 0


@settings(max_examples=300)
@given(PAIRS, st.sets(st.sampled_from(NODES), min_size=1, max_size=3), st.sampled_from(NODES))
def test_every_simple_path_is_found_once(pairs: list[Pair], sources: set[int], target: int) -> None:
    graph: nx.DiGraph[int] = nx.DiGraph(pairs)
    graph.add_nodes_from(NODES)
    expected = [
        tuple(path)
        for source in sources
        for path in ([[target]] if source == target else nx.all_simple_paths(graph, source, target))
    ]
    found = list(simple_paths(edges(pairs), sources, target))
    assert found == sorted(expected)


def test_the_first_of_too_many_paths_comes_at_once() -> None:
    # 2 ** 200 paths through 200 diamonds, beside a way into a maze that leads nowhere.
    diamonds = [
        pair
        for n in range(0, 600, 3)
        for pair in ((n, n + 1), (n, n + 2), (n + 1, n + 3), (n + 2, n + 3))
    ]
    maze = [(0, 1000), *((n, n + step) for n in range(1000, 1200) for step in (1, 2))]
    first = list(islice(simple_paths(edges(diamonds + maze), [0], 600), 3))
    assert [len(path) for path in first] == [401, 401, 401]
    assert len(set(first)) == 3


def test_a_cycle_that_leads_nowhere_is_not_walked_through() -> None:
    # Every two of these lead to each other; to the target leads the first of them alone.
    crowd = [(a, b) for a in range(1, 30) for b in range(1, 30) if a != b]
    found = list(simple_paths(edges([*crowd, (0, 1), (1, 99)]), [0], 99))
    assert found == [(0, 1, 99)]
