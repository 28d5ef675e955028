"""When which program is killed, drawn from a seed: pure, so that a run can be repeated."""

from dataclasses import dataclass
from enum import StrEnum
from random import Random

#: At most so many kills in one run.
MAX_KILLS = 3
#: Longest wait between a moment's arrival and its kill, in seconds: draws the phase of a step.
MAX_WAIT = 1.5
#: The same during the intake, which takes a few hundredths of a second.
MAX_INTAKE_WAIT = 0.06
#: Where a plan's jobs are at work, as fractions of a request's way.
WORK = (0.2, 0.6)
#: From the switch to the new models on, while recipients are waited for and the report is written.
LATE = (0.9, 0.98)
_LATE_SHARE = 0.25
#: Which of all possible draws: in this one the suite's three runs meet an intake, a job, the wait
#: for a recipient, and everything at once while models are retrained.
_DRAW = 869


class Target(StrEnum):
    """What is killed."""

    WEB = "web"
    JOB = "job"
    POSTGRES = "postgres"
    EVERYTHING = "everything"
    WORKER = "worker"
    RELAY = "relay"
    MLFLOW = "mlflow"
    VALKEY = "valkey"
    #: Alone: what it ran is told by its death, and may still be ending when it is started again.
    SUPERVISOR = "supervisor"
    #: The company's, which knows nothing of Vestige: its own operator starts it again.
    PRODUCT = "product"


#: Killing these can cut an intake off between its COMMIT and its answer.
INTAKE_TARGETS = frozenset({Target.WEB, Target.POSTGRES, Target.EVERYTHING})


@dataclass(frozen=True, kw_only=True)
class Kill:
    """One kill of a run."""

    target: Target
    #: Which request of the run is watched for the moment, from 0.
    journey: int
    #: Fraction of that request's way at which it happens; None: while it is being posted.
    at: float | None
    #: Seconds between the moment and the kill.
    wait: float


def kills_for(seed: int, *, journeys: int) -> tuple[Kill, ...]:
    """Draw the kills of one run, in the order in which they happen.

    Targets are dealt in turn over the seeds 1, 2, 3, …, so that each is hit about as often.

    Args:
        seed: From 1.
        journeys: How many requests of the run have a way worth killing on.

    >>> kills_for(4, journeys=2) == kills_for(4, journeys=2)
    True
    """
    dealt = sum(_count(earlier) for earlier in range(1, seed))
    random, deck = Random(f"{_DRAW} crash:{seed}"), tuple(Target)  # noqa: S311 - draws moments, no secrets
    kills: list[Kill] = []
    for turn in range(_count(seed)):
        target = deck[(dealt + turn) % len(deck)]
        # One intake at most: the second letter is posted while the first one is on its way.
        intake = target in INTAKE_TARGETS and all(kill.at is not None for kill in kills)
        kills.append(_draw(target, random, journeys, intake=intake))
    return tuple(sorted(kills, key=lambda k: (k.at is not None, k.journey, k.at or 0.0)))


def progress(state: str, *, finished: float, jobs: int) -> float:
    """How far a request has come, from 0 to 1.

    Args:
        state: Of ``deletion_requests.lifecycle.State``; empty before the request exists.
        finished: Jobs of its plan that are done, those under way by their own progress.
        jobs: Jobs that its plan will have.
    """
    if state in _WORKING:
        return 0.2 + 0.75 * min(finished / max(jobs, 1), 1.0)
    return _REACHED.get(state, 1.0)


_WORKING = frozenset({"executing", "verifying"})
_REACHED = {
    "": 0.0,
    "received": 0.02,
    "identity_pending": 0.05,
    "verified": 0.1,
    "traced": 0.1,
    "planned": 0.12,
    "approved": 0.18,
    "partly_done": 0.96,
    "reporting": 0.97,
}


def _count(seed: int) -> int:
    return Random(f"{_DRAW} kills:{seed}").randint(1, MAX_KILLS)  # noqa: S311 - no secret


def _draw(target: Target, random: Random, journeys: int, *, intake: bool) -> Kill:
    if intake and random.random() < 0.5:  # noqa: PLR2004 - every second one
        wait = random.uniform(0.0, MAX_INTAKE_WAIT)
        return Kill(target=target, journey=random.randrange(2), at=None, wait=wait)
    return Kill(
        target=target,
        journey=random.randrange(journeys),
        at=random.uniform(*_span(target, random)),
        wait=random.uniform(0.0, MAX_WAIT),
    )


def _span(target: Target, random: Random) -> tuple[float, float]:
    """The part of a request's way on which a target is killed."""
    if target is Target.JOB:
        return WORK  # only while the plan has jobs
    return LATE if random.random() < _LATE_SHARE else (0.02, 0.98)
