"""What a set of artifacts reaches: the compiled sweep beside a recursive query and NetworkX.

Two graphs are drawn from a seed: one of 1 million nodes and 5 million links, one of 10 million and
50 million. Each timed answer is the engine's whole answer as of a past moment: ids, kinds of
influence, ranks, certainty and the steps from which every path follows. Rivals only find which
nodes are reached. Every comparison alternates in one run, and all rivals must reach the same.
"""

import time
from collections.abc import Callable, Iterable
from functools import partial

import click
import networkx as nx
import numpy as np

from bench.kit.graphs import BigGraph, draw_graph, fresh_links
from bench.kit.rivals import RecursiveQuery, database, gather, networkx_graph
from bench.kit.timing import Duel, duel, milliseconds, seconds_of
from lineage.closure import Closure
from lineage.closure.csr import CsrGraph
from lineage.closure.csr_engine import CsrEngine
from lineage.closure.links import Ids, Links
from lineage.closure.overlay import Overlay
from vestige.bench import BenchResult, Figure

NODES, QUICK_NODES = 1_000_000, 20_000
#: The larger graph's size, as a multiple of the smaller one's.
LARGER = 10
SEED = 1
SOURCES = 10_000
FRESH_LINKS = 100_000
#: An answer of this share of the smaller graph's nodes is of middle size: 10,000 of a million.
MIDDLE = 0.01
LINES, ROUNDS = 5, 3


def run(*, quick: bool) -> BenchResult:
    """Draw the graphs and measure.

    Args:
        quick: Small graphs; the answers are compared all the same, the ratios mean little.
    """
    started = time.monotonic()

    def say(words: str) -> None:
        click.echo(f"{time.monotonic() - started:7.1f} s  {words}", err=True)

    count = QUICK_NODES if quick else NODES
    say(f"Drawing a graph of {count:,} nodes")
    measured = Measured(draw_graph(count, seed=SEED), say)
    figures = [
        *measured.against_the_recursive_query(),
        *measured.against_networkx(),
        measured.counting(),
        *measured.overlay(),
        measured.memory(),
    ]
    del measured
    say(f"Drawing a graph of {count * LARGER:,} nodes")
    figures += against_the_floor(draw_graph(count * LARGER, seed=SEED), say)
    return BenchResult(bench="closure", seeds=(SEED,), figures=tuple(figures))


class Measured:
    """The smaller graph and its engine."""

    def __init__(self, graph: BigGraph, say: Callable[[str], None]) -> None:
        """Build the snapshot, and compile: what an installation does before the first trace."""
        self._graph, self._say = graph, say
        self._snapshot = CsrGraph.build(nodes=graph.nodes, links=graph.links)
        self._engine = CsrEngine(self._snapshot)
        self._now = graph.links.at(graph.moment)
        middle = np.flatnonzero(graph.sizes >= MIDDLE * 1.1 * len(graph.nodes))
        #: One source of each line of middle size.
        self._sources = graph.sources[middle[-LINES:]].tolist()
        random = np.random.default_rng(SEED)
        self._many: Ids = random.choice(graph.nodes, min(SOURCES, len(graph.nodes)), replace=False)

    def against_the_recursive_query(self) -> list[Figure]:
        """One source, and many at once, beside SQL."""
        self._say("Beside a recursive query")
        with database() as connection:
            query = RecursiveQuery(connection, self._now)
            one = duel(
                [(self._asking([s]), partial(query.count, [s])) for s in self._sources],
                rounds=ROUNDS,
            )
            many = duel(
                [(self._asking(self._many), partial(query.count, self._many.tolist()))],
                rounds=ROUNDS,
            )
            differing = sum(
                len(self._trace(sources)) != query.count(sources)
                for sources in ([[s] for s in self._sources] + [self._many.tolist()])
            )
        return [
            self._smallest_answer(),
            milliseconds("closure_ms", one.ours),
            one.times_faster("closure_against_recursive_query", bound=40),
            milliseconds("union_ms", many.ours),
            many.times_faster("union_against_recursive_query", bound=75),
            _never("answers_unlike_recursive_query", differing, runs=len(self._sources) + 1),
        ]

    def against_networkx(self) -> list[Figure]:
        """One source beside ``networkx.descendants``."""
        self._say("Beside networkx.descendants")
        rival = networkx_graph(self._graph.nodes, self._now)
        result = duel(
            [(self._asking([s]), partial(nx.descendants, rival, s)) for s in self._sources],
            rounds=ROUNDS,
        )
        differing = sum(
            set(self._trace([s]).nodes.tolist()) != {s, *nx.descendants(rival, s)}
            for s in self._sources
        )
        return [
            result.times_faster("closure_against_networkx", bound=25),
            _never("answers_unlike_networkx", differing, runs=len(self._sources)),
        ]

    def counting(self) -> Figure:
        """How many artifacts each of many sources affects."""
        self._say("Counting for many sources")

        def count() -> Ids:
            return self._engine.affected_counts(self._many, as_of=self._graph.moment)

        found = count()
        sample = range(0, len(self._many), max(len(self._many) // 25, 1))
        if any(len(self._trace([self._many[n]])) != found[n] for n in sample):
            raise AssertionError("A count is not the length of the answer.")
        times = sorted(_cpu_seconds_of(count) for _ in range(ROUNDS))
        return Figure(
            name="counts_cpu_seconds",
            value=round(times[len(times) // 2], 3),
            unit="seconds",
            better="lower",
            bound=1.0,
            low=round(times[0], 3),
            high=round(times[-1], 3),
            runs=ROUNDS,
        )

    def overlay(self) -> list[Figure]:
        """What links cost that are newer than the snapshot."""
        self._say("With fresh links laid over")
        fresh = min(FRESH_LINKS, len(self._graph.nodes) // 10)
        nodes, links = fresh_links(self._graph, fresh, seed=SEED)

        def build() -> Overlay:
            return Overlay.build(self._snapshot, nodes=nodes, fresh=links, ended=Links.none())

        building = [seconds_of(build) for _ in range(ROUNDS)]
        laid_over = CsrEngine(self._snapshot, build())

        def trace(engine: CsrEngine, source: int) -> Closure:
            return engine.trace([source], as_of=self._graph.moment + 1)

        result = duel(
            [
                (partial(trace, laid_over, s), partial(trace, self._engine, s))
                for s in self._sources
            ],
            rounds=ROUNDS * 3,
        )
        missed = 0
        for source in self._sources:
            found = trace(laid_over, source).nodes
            due = links.downstream[np.isin(links.upstream, found)]
            missed += int(np.isin(due, found, invert=True).sum())
        return [
            result.times_slower("overlay_cost", bound=1.3),
            _never("fresh_links_missed", missed, runs=len(self._sources)),
            milliseconds("overlay_build_ms", building),
        ]

    def memory(self) -> Figure:
        """What the snapshot takes of 8 bytes an edge and 32 a node."""
        allowed = 8 * len(self._graph.links) + 32 * len(self._graph.nodes)
        return Figure(
            name="snapshot_of_allowed_memory",
            value=round(self._snapshot.nbytes / allowed, 3),
            unit="times",
            better="lower",
            bound=1.0,
        )

    def _smallest_answer(self) -> Figure:
        sizes = sorted(len(self._trace([source])) for source in self._sources)
        return Figure(
            name="closure_nodes",
            value=sizes[0],
            unit="nodes",
            better="higher",
            bound=MIDDLE * len(self._graph.nodes),
            low=sizes[0],
            high=sizes[-1],
            runs=len(sizes),
        )

    def _trace(self, sources: Iterable[int]) -> Closure:
        return self._engine.trace(list(sources), as_of=self._graph.moment)

    def _asking(self, sources: Iterable[int]) -> Callable[[], object]:
        listed = list(sources)

        def ask() -> Ids:
            # The ids are looked up when they are first asked for.
            return self._engine.trace(listed, as_of=self._graph.moment).nodes

        return ask


def against_the_floor(graph: BigGraph, say: Callable[[str], None]) -> list[Figure]:
    """A large answer beside reading one number at random for each link that it walks."""
    snapshot = CsrGraph.build(nodes=graph.nodes, links=graph.links)
    engine = CsrEngine(snapshot)
    source = int(graph.sources[0])
    say("Beside the random-gather floor")
    found = engine.trace([source], as_of=graph.moment)
    owner, _ = snapshot.links.places_of(found.keys)
    random = np.random.default_rng(SEED)
    places = random.integers(0, len(graph.nodes), len(owner), dtype=np.int32)
    table = np.ones(len(graph.nodes), dtype=np.int32)

    def ask() -> Ids:
        return engine.trace([source], as_of=graph.moment).nodes

    result: Duel = duel([(ask, partial(gather, table, places))], rounds=ROUNDS * 3)
    return [
        Figure(name="large_answer_nodes", value=len(found), unit="nodes", better="higher",
               bound=0.1 * len(graph.nodes)),
        milliseconds("large_answer_ms", result.ours),
        milliseconds("gather_floor_ms", result.theirs),
        result.times_slower("large_answer_against_gather_floor", bound=3.5),
    ]  # fmt: skip


def _never(name: str, value: int, *, runs: int) -> Figure:
    return Figure(name=name, value=value, unit="found", better="lower", bound=0, runs=runs)


def _cpu_seconds_of(call: Callable[[], object]) -> float:
    begin = time.process_time()
    call()
    return time.process_time() - begin
