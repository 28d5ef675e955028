"""A person's trace over HTTP: counts and the first hundred artifacts of ten thousand.

An installation of its own is given 1 million artifacts and 5 million edges as rows, with one person
in each of several data sets from which about 10,000 artifacts came. Then a program asks about these
people over HTTP, first of a graph that stands still, then of one in which something new is recorded
before every question; each answer must hold what was recorded just before.
"""

import time
from collections.abc import Sequence

import click
import numpy as np

from bench.kit.asking import Asking
from bench.kit.big_company import load_graph
from bench.kit.graphs import draw_graph
from bench.kit.installation import Installation
from vestige.bench import BenchResult, Figure

NODES, QUICK_NODES = 1_000_000, 20_000
SEED = 1
#: Of so many people everything is asked; from the records of each came this share of the artifacts.
PEOPLE, SHARE = 5, 0.01
QUESTIONS, QUICK_QUESTIONS = 200, 20
#: Milliseconds within which 95 of 100 answers come.
BOUND = 50.0


def run(*, quick: bool) -> BenchResult:
    """Set up, ask, and measure.

    Args:
        quick: A small graph and few questions.

    Raises:
        ServiceError: The installation cannot be set up, or answers with an error.
    """
    started = time.monotonic()

    def say(words: str) -> None:
        click.echo(f"{time.monotonic() - started:7.1f} s  {words}", err=True)

    graph = draw_graph(QUICK_NODES if quick else NODES, seed=SEED)
    middle = np.flatnonzero(graph.sizes >= SHARE * 1.1 * len(graph.nodes))[-PEOPLE:]
    questions = QUICK_QUESTIONS if quick else QUESTIONS
    say("Starting an installation")
    with Installation(settings={}) as place, place.connect() as connection:
        say(f"Writing {len(graph.nodes):,} artifacts and {len(graph.links):,} edges")
        datasets = load_graph(connection, graph)
        asked = [datasets[source] for source in graph.sources[middle].tolist()]
        say("Laying the graph out")
        place.vestige("graph-image")
        asking = Asking(place, connection, asked)
        say("Asking for the first time")
        first = asking.milliseconds(0)
        say("Asking")
        still = [asking.milliseconds(number) for number in range(questions)]
        say("Asking, with news before every question")
        fresh = [asking.milliseconds_after_news(number) for number in range(questions)]
    return BenchResult(
        bench="trace",
        seeds=(SEED,),
        figures=(
            Figure(
                name="affected",
                value=min(asking.affected),
                unit="artifacts",
                better="higher",
                bound=SHARE * len(graph.nodes),
                low=min(asking.affected),
                high=max(asking.affected),
                runs=len(asking.affected),
            ),
            Figure(name="first_answer_ms", value=round(first, 1), unit="ms", better="lower"),
            late("answer_p95_ms", still, bound=BOUND),
            late("answer_after_news_p95_ms", fresh, bound=None),
            Figure(
                name="news_missed",
                value=asking.missed,
                unit="found",
                better="lower",
                bound=0,
                runs=len(fresh),
            ),
        ),
    )


def late(name: str, times: Sequence[float], *, bound: float | None) -> Figure:
    """The time within which 95 of 100 answers came."""
    return Figure(
        name=name,
        value=round(float(np.percentile(times, 95)), 1),
        unit="ms",
        better="lower",
        bound=bound,
        low=round(min(times), 1),
        high=round(max(times), 1),
        runs=len(times),
    )
