"""The figures of the crash bench: runs and kills that did not happen fall short."""

from dataclasses import replace

import pytest

from bench.crash import figures_of
from bench.kit.crashing import Outcome
from bench.kit.schedule import Kill, Target
from vestige.bench import BenchResult


def whole() -> Outcome:
    """One run as it should be."""
    outcome = Outcome(requests=2, scheduled=1, judged=True, acknowledged=2)
    outcome.note(Kill(target=Target.WEB, journey=0, at=0.5, wait=0.0), 3.0)
    return outcome


def short(*outcomes: Outcome) -> set[str]:
    """Names of the figures that fall short."""
    return {figure.name for figure in figures_of(outcomes, len(outcomes)) if not figure.holds}


def status(*outcomes: Outcome) -> int:
    figures = figures_of(outcomes, len(outcomes))
    return BenchResult(bench="crash", seeds=(), figures=figures).exit_status


def test_whole_runs_hold() -> None:
    assert short(whole(), whole()) == set()
    assert status(whole(), whole()) == 0


def test_twenty_empty_runs_are_no_run() -> None:
    assert short(*(Outcome() for _ in range(20))) == {"runs"}
    assert status(*(Outcome() for _ in range(20))) == 1


@pytest.mark.parametrize(
    "broken",
    [
        replace(whole(), judged=False),
        replace(whole(), requests=0, acknowledged=0),
        replace(whole(), acknowledged=1),
    ],
)
def test_a_run_without_people_or_whose_books_were_not_read_does_not_count(broken: Outcome) -> None:
    assert short(whole(), broken) == {"runs"}


def test_a_kill_that_nothing_died_of_falls_short() -> None:
    missed = Outcome(requests=2, scheduled=1, judged=True, acknowledged=2)
    missed.note(Kill(target=Target.JOB, journey=0, at=0.5, wait=0.0), None)
    assert short(whole(), missed) == {"runs", "kills_landed"}


@pytest.mark.parametrize(
    ("wrong", "figure"),
    [
        (replace(whole(), lost=["a request"]), "acknowledged_requests_lost"),
        (replace(whole(), wrong=["a request"]), "requests_ended_wrong"),
        (replace(whole(), doubled=["a step"]), "doubled_effects"),
        (replace(whole(), broken=["a head"]), "ledger_prefix_violations"),
    ],
)
def test_what_must_not_be_falls_short(wrong: Outcome, figure: str) -> None:
    assert short(whole(), wrong) == {figure}
