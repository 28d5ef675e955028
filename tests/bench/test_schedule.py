"""The draws of the crash bench: repeatable, and hitting everything."""

from collections import Counter

from bench.crash import QUICK_RUNS, RUNS
from bench.kit.crashing import QUICK_TRAINED_SEED
from bench.kit.schedule import (
    INTAKE_TARGETS,
    LATE,
    MAX_KILLS,
    WORK,
    Target,
    kills_for,
    progress,
)
from deletion_requests.lifecycle import FINAL_STATES, State

SEEDS = range(1, RUNS + 1)


def test_a_seed_always_draws_the_same_kills() -> None:
    for seed in SEEDS:
        assert kills_for(seed, journeys=2) == kills_for(seed, journeys=2)
    assert len({kills_for(seed, journeys=2) for seed in SEEDS}) == RUNS


def test_a_run_has_one_to_three_kills_and_at_most_one_intake_first() -> None:
    for seed in SEEDS:
        kills = kills_for(seed, journeys=2)
        assert 1 <= len(kills) <= MAX_KILLS
        assert all(kill.at is not None for kill in kills[1:])
        moments = [(kill.journey, kill.at) for kill in kills if kill.at is not None]
        assert moments == sorted(moments)


def test_every_target_is_hit_about_as_often() -> None:
    hit = Counter(kill.target for seed in SEEDS for kill in kills_for(seed, journeys=2))
    assert set(hit) == set(Target)
    assert max(hit.values()) - min(hit.values()) <= 1


def test_intakes_are_cut_off_by_each_target_that_can() -> None:
    cut = {kill.target for seed in SEEDS for kill in kills_for(seed, journeys=2) if kill.at is None}
    assert cut == INTAKE_TARGETS


def test_the_runs_of_the_suite_meet_an_intake_a_job_a_recipient_and_everything() -> None:
    kills = [kill for seed in SEEDS[:QUICK_RUNS] for kill in kills_for(seed, journeys=1)]
    assert any(kill.at is None for kill in kills)
    assert any(kill.at is not None and LATE[0] <= kill.at <= LATE[1] for kill in kills)
    assert {Target.JOB, Target.EVERYTHING} <= {kill.target for kill in kills}
    assert {kill.journey for kill in kills if kill.at is not None} == {0}


def test_a_model_is_retrained_under_a_kill_in_the_suite() -> None:
    assert QUICK_TRAINED_SEED in SEEDS[:QUICK_RUNS]
    moments = [kill.at for kill in kills_for(QUICK_TRAINED_SEED, journeys=1)]
    assert any(at is not None and WORK[0] <= at <= WORK[1] for at in moments)


def test_worker_and_product_are_also_killed_while_recipients_are_waited_for() -> None:
    late = {
        kill.target
        for seed in SEEDS
        for kill in kills_for(seed, journeys=2)
        if kill.at is not None and kill.at >= LATE[0]
    }
    assert {Target.WORKER, Target.PRODUCT, Target.EVERYTHING} <= late


def test_progress_grows_along_the_journey_of_a_request() -> None:
    journey = [
        *(State.RECEIVED, State.IDENTITY_PENDING, State.VERIFIED, State.TRACED, State.PLANNED),
        *(State.APPROVED, State.EXECUTING, State.VERIFYING, State.PARTLY_DONE),
        *(State.REPORTING, State.CLOSED),
    ]
    finished = {State.EXECUTING: 1.0, State.VERIFYING: 4.5}
    way = [progress(state, finished=finished.get(state, 0.0), jobs=5) for state in journey]
    assert way == sorted(way)
    assert progress("", finished=0, jobs=0) == 0
    assert all(progress(state, finished=0, jobs=0) == 1 for state in FINAL_STATES)
