"""Every engine gives the same answer: on any graph, of any moment, whatever lies in the overlay."""

from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage.closure import Closure, ClosureEngine
from lineage.closure.csr import CsrGraph, UnfitSnapshotError
from lineage.closure.csr_engine import CsrEngine
from lineage.closure.links import CODES, NEVER, RELATIONS, Ids, Links
from lineage.closure.networkx_engine import NetworkxEngine
from lineage.closure.overlay import Overlay
from lineage.graph import PROPAGATION, Relation

CARRYING = [r for r in RELATIONS if PROPAGATION[r].influence is not None]
MOMENTS = 6
#: Upstream, downstream, relation, since, until.
Row = tuple[int, int, Relation, int, int]


def links(rows: Iterable[Row]) -> Links:
    columns = np.array(
        [(up, down, CODES[relation], since, until) for up, down, relation, since, until in rows],
        dtype=np.int64,
    ).reshape(-1, 5)
    return Links(
        upstream=columns[:, 0],
        downstream=columns[:, 1],
        relation=columns[:, 2].astype(np.uint8),
        since=columns[:, 3],
        until=columns[:, 4],
    )


def ids(nodes: Iterable[int]) -> Ids:
    return np.array(sorted(nodes), dtype=np.int64)


def oracle(nodes: Iterable[int], rows: Iterable[Row]) -> ClosureEngine:
    return NetworkxEngine(nodes=nodes, links=links(rows))


def plain(nodes: Iterable[int], rows: Iterable[Row]) -> CsrEngine:
    return CsrEngine(CsrGraph.build(nodes=ids(nodes), links=links(rows)))


def laid_over(nodes: Iterable[int], rows: Iterable[Row], *, after: int) -> CsrEngine:
    """An engine whose snapshot ends with a moment; everything later lies in the overlay."""
    old = [row for row in rows if row[3] <= after]
    newest = max((end for row in old for end in row[:2]), default=-1)
    held = {node for node in nodes if node <= newest}
    graph = CsrGraph.build(
        nodes=ids(held),
        links=links((*row[:4], row[4] if row[4] <= after else NEVER) for row in old),
    )
    overlay = Overlay.build(
        graph,
        nodes=ids(set(nodes) - held),
        fresh=links(row for row in rows if row[3] > after),
        ended=links(row for row in old if after < row[4] < NEVER),
    )
    return CsrEngine(graph, overlay)


def answer(closure: Closure) -> object:
    return list(closure.reached.items()), closure.unknown_sources, closure.cycles


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[int], list[Row]]:
    """Nodes with gaps between their ids, and links that come and go; cycles and diamonds too."""
    nodes = draw(st.lists(st.integers(0, 40), min_size=1, max_size=12, unique=True))
    ends = st.tuples(st.sampled_from(nodes), st.sampled_from(nodes)).filter(lambda p: p[0] != p[1])
    rows: dict[tuple[int, int, Relation], Row] = {}
    count = draw(st.integers(0, 30)) if len(nodes) > 1 else 0
    for _ in range(count):
        (up, down), relation = draw(ends), draw(st.sampled_from(CARRYING))
        since = draw(st.integers(1, MOMENTS))
        until = draw(st.one_of(st.just(NEVER), st.integers(since + 1, MOMENTS + 2)))
        rows[up, down, relation] = (up, down, relation, since, until)
    return nodes, list(rows.values())


@settings(max_examples=300)
@given(histories(), st.lists(st.integers(0, 41), min_size=1, max_size=4), st.data())
def test_the_arrays_answer_as_the_oracle_at_every_moment(
    history: tuple[list[int], list[Row]], sources: list[int], data: st.DataObject
) -> None:
    nodes, rows = history
    after = data.draw(st.integers(0, MOMENTS + 1), label="last moment of the snapshot")
    engines: list[ClosureEngine] = [plain(nodes, rows), laid_over(nodes, rows, after=after)]
    for as_of in (None, *range(MOMENTS + 3)):
        expected = answer(oracle(nodes, rows).trace(sources, as_of=as_of))
        for engine in engines:
            assert answer(engine.trace(sources, as_of=as_of)) == expected


@settings(max_examples=100)
@given(histories(), st.one_of(st.none(), st.integers(0, MOMENTS + 2)), st.data())
def test_the_counts_are_the_lengths_of_the_answers(
    history: tuple[list[int], list[Row]], as_of: int | None, data: st.DataObject
) -> None:
    nodes, rows = history
    after = data.draw(st.integers(0, MOMENTS + 1), label="last moment of the snapshot")
    expected = [len(oracle(nodes, rows).trace([node], as_of=as_of)) for node in nodes]
    sources = np.array(nodes, dtype=np.int64)
    for engine in (plain(nodes, rows), laid_over(nodes, rows, after=after)):
        assert engine.affected_counts(sources, as_of=as_of).tolist() == expected


def chain(length: int) -> list[Row]:
    return [(n, n + 1, Relation.FINE_TUNED_FROM, 1, NEVER) for n in range(length)]


def hub(width: int) -> list[Row]:
    into = [(n, width, Relation.PART_OF, 1, NEVER) for n in range(width)]
    return into + [(width, width + 1 + n, Relation.TRAINED_ON, 1, NEVER) for n in range(width)]


def diamonds(count: int) -> list[Row]:
    """Each with two ways: 2 to the power of ``count`` paths, one answer a node."""
    rows: list[Row] = []
    for n in range(0, 3 * count, 3):
        for middle in (n + 1, n + 2):
            rows += [
                (n, middle, Relation.DERIVED_FROM, 1, NEVER),
                (middle, n + 3, Relation.COPIED_TO, 1, NEVER),
            ]
    return rows


def ring(length: int) -> list[Row]:
    return [(n, (n + 1) % length, Relation.COPIED_TO, 1, NEVER) for n in range(length)]


def backwards(length: int) -> list[Row]:
    """Everything came from something with a higher id."""
    return [(n + 1, n, Relation.FINE_TUNED_FROM, 1, NEVER) for n in range(length)]


@pytest.mark.parametrize(
    ("rows", "source"),
    [(chain(700), 0), (hub(300), 5), (diamonds(60), 0), (ring(200), 7), (backwards(300), 300)],
    ids=["chain", "hub", "diamonds", "ring", "backwards"],
)
def test_shapes_that_break_naive_walks(rows: list[Row], source: int) -> None:
    nodes = {end for row in rows for end in row[:2]}
    expected = oracle(nodes, rows).trace([source])
    for engine in (plain(nodes, rows), laid_over(nodes, rows, after=0)):
        assert answer(engine.trace([source])) == answer(expected)
    for found in expected.reached.values():
        steps = set(pairwise(found.path))
        assert steps <= {(row[0], row[1]) for row in rows}


def test_many_sources_are_counted_at_once() -> None:
    rows = [*chain(1_500), *((n, n + 40, Relation.TRAINED_ON, 1, NEVER) for n in range(1_400))]
    engine = plain(range(1_501), rows)
    assert engine.affected_counts(ids(range(1_501))).tolist() == list(range(1_501, 0, -1))


def test_a_count_is_asked_of_nodes_that_the_graph_holds() -> None:
    with pytest.raises(KeyError, match="77"):
        plain([0, 1], chain(1)).affected_counts(ids([77]))


def test_sources_that_no_graph_holds_are_told_and_reach_nothing() -> None:
    for nodes in ([], [1]):
        for engine in (plain(nodes, []), laid_over(nodes, [], after=0), oracle(nodes, [])):
            closure = engine.trace([7, 5])
            assert (len(closure), closure.reached, closure.unknown_sources) == (0, {}, (5, 7))
            assert len(engine.trace([])) == 0


def test_a_link_to_nowhere_is_refused() -> None:
    with pytest.raises(ValueError, match="names node 2"):
        plain([0, 1], chain(2))


def test_a_snapshot_that_was_mapped_from_files_answers_alike(tmp_path: Path) -> None:
    rows = [*diamonds(20), *backwards(10), (0, 9, Relation.TRAINED_ON, 2, 4)]
    graph = CsrGraph.build(nodes=ids(range(61)), links=links(rows))
    for _ in range(2):  # the second time it takes the place of the first
        graph.save(tmp_path / "snapshot")
    assert [path.name for path in tmp_path.iterdir()] == ["snapshot"]
    mapped = CsrEngine(CsrGraph.open(tmp_path / "snapshot"))
    for as_of in (None, 1, 2, 3, 4):
        again = mapped.trace([0], as_of=as_of)
        assert answer(again) == answer(CsrEngine(graph).trace([0], as_of=as_of))


def test_a_snapshot_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnfitSnapshotError):
        CsrGraph.open(tmp_path / "nowhere")
    CsrGraph.build(nodes=ids([1]), links=links([])).save(tmp_path / "old")
    about = tmp_path / "old" / "about.json"
    about.write_text('{"relations": ["part_of"]}')
    with pytest.raises(UnfitSnapshotError, match="other relations"):
        CsrGraph.open(tmp_path / "old")


def test_a_snapshot_takes_8_bytes_an_edge_and_32_a_node() -> None:
    count = 4_000
    rows = [
        (n, n + step, Relation.TRAINED_ON, 1 + n % 50, NEVER if n % 10 else 60)
        for n in range(count)
        for step in range(1, 6)
    ]
    graph = CsrGraph.build(nodes=ids(range(count + 6)), links=links(rows))
    assert graph.nbytes <= 8 * len(rows) + 32 * (count + 6)
