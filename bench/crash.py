"""Nothing lost: requests end once and right although the programs are killed on their way.

An installation of its own with a small example company is set up once. In each seeded run people
file requests through the API while ``kill -9`` hits web server, worker, a job, relay, PostgreSQL,
Valkey, MLflow, the company's product, or everything at once, at moments drawn from the seed. Then
every request that was acknowledged must have ended exactly once, with an export that verifies; the
record must be gone; nothing may have happened twice; and every head of the ledger that was seen
before a kill must be a prefix of the ledger afterwards.
"""

import statistics
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import click

from bench.kit.company import SmallCompany
from bench.kit.crashing import CrashRuns, Outcome
from bench.kit.installation import Installation
from bench.kit.schedule import Target
from config.embedded.errors import ServiceError
from vestige.bench import BenchResult, Figure

OPTIONS = (
    click.Option(
        ["--seed", "seeds"],
        type=click.IntRange(min=1),
        multiple=True,
        help="Run only this seed; may be repeated [1 to 20].",
    ),
    click.Option(["--keep"], is_flag=True, help="Leave the installation's files to look at."),
)
RUNS, QUICK_RUNS = 20, 3
#: Leases a little shorter than usual, so that a killed worker's job is taken up again sooner; no
#: attack by replicas, which takes minutes and says nothing about crashes.
SETTINGS = {"VESTIGE_JOB_LEASE_SECONDS": "15", "VESTIGE_MEMBERSHIP_REPLICAS": "0"}


def run(*, quick: bool, seeds: tuple[int, ...] = (), keep: bool = False) -> BenchResult:
    """Set up once, run every seed, and count.

    Args:
        quick: Three runs, each with one small request and one of a person of whom nothing is held.
        seeds: Instead of 1 to 20 (quick: 1 to 3).
        keep: Leave the installation's files.

    Raises:
        ServiceError: The installation cannot be set up, or does not recover.
    """
    if not Path("/proc/self/cmdline").exists():
        raise ServiceError("This bench finds processes in /proc: it runs on Linux only.")
    wanted = seeds or tuple(range(1, (QUICK_RUNS if quick else RUNS) + 1))
    started = time.monotonic()

    def say(words: str) -> None:
        click.echo(f"{time.monotonic() - started:7.1f} s  {words}", err=True)

    with ExitStack() as running:
        say("Setting up an installation with a small example company")
        installation = running.enter_context(Installation(settings=SETTINGS, keep=keep))
        company = running.enter_context(SmallCompany(installation).working())
        runs = CrashRuns(installation, company, quick=quick, say=say)
        running.callback(runs.close)
        outcomes = [runs.run_seed(seed) for seed in wanted]
        if keep:
            say(f"The files are in {installation.home}")
    return BenchResult(bench="crash", seeds=wanted, figures=figures_of(outcomes, len(wanted)))


def figures_of(outcomes: Sequence[Outcome], runs: int) -> tuple[Figure, ...]:
    """Count over all runs.

    Args:
        outcomes: One a run.
        runs: How many runs were promised.
    """
    number = len(outcomes)
    ran = sum(outcome.ran_its_course for outcome in outcomes)
    scheduled = sum(outcome.scheduled for outcome in outcomes)
    kills = Counter(target for outcome in outcomes for target in outcome.kills)
    recoveries = [seconds for outcome in outcomes for seconds in outcome.recoveries]
    return (
        _reached("runs", ran, "runs", bound=runs, runs=number),
        _reached("kills_landed", kills.total(), "kills", bound=scheduled, runs=number),
        *(
            Figure(
                name=f"kills_{target}",
                value=kills[target],
                unit="kills",
                better="higher",
                runs=number,
            )
            for target in Target
        ),
        _told("acknowledged_requests", sum(o.acknowledged for o in outcomes), number),
        _told("unanswered_posts", sum(o.unanswered for o in outcomes), number),
        _never("acknowledged_requests_lost", sum(len(o.lost) for o in outcomes), number),
        _never("requests_ended_wrong", sum(len(o.wrong) for o in outcomes), number),
        _never("doubled_effects", sum(len(o.doubled) for o in outcomes), number),
        _never("ledger_prefix_violations", sum(len(o.broken) for o in outcomes), number),
        Figure(
            name="recovery_seconds",
            value=round(statistics.median(recoveries), 2) if recoveries else None,
            unit="seconds",
            better="lower",
            low=round(min(recoveries), 2) if recoveries else None,
            high=round(max(recoveries), 2) if recoveries else None,
            runs=len(recoveries),
        ),
    )


def _reached(name: str, value: int, unit: str, *, bound: int, runs: int) -> Figure:
    return Figure(name=name, value=value, unit=unit, better="higher", bound=bound, runs=runs)


def _told(name: str, value: int, runs: int) -> Figure:
    return Figure(name=name, value=value, unit="requests", better="higher", runs=runs)


def _never(name: str, value: int, runs: int) -> Figure:
    return Figure(name=name, value=value, unit="found", better="lower", bound=0, runs=runs)
