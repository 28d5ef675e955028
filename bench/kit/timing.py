"""Timing of rivals in turn, so that a busy moment of the machine meets them all alike."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import median

from vestige.bench import Figure


@dataclass(frozen=True, kw_only=True)
class Duel:
    """Seconds of two rivals, pair by pair."""

    ours: tuple[float, ...]
    theirs: tuple[float, ...]

    def times_faster(self, name: str, *, bound: float | None = None) -> Figure:
        """How many times as long the other one takes."""
        ratios = sorted(their / our for our, their in zip(self.ours, self.theirs, strict=True))
        return _ratio(name, ratios, better="higher", bound=bound)

    def times_slower(self, name: str, *, bound: float) -> Figure:
        """How many times as long we take."""
        ratios = sorted(our / their for our, their in zip(self.ours, self.theirs, strict=True))
        return _ratio(name, ratios, better="lower", bound=bound)


def duel(
    pairs: Iterable[tuple[Callable[[], object], Callable[[], object]]], *, rounds: int
) -> Duel:
    """Run each pair A B A B …; what both do before the first round is not counted."""
    ours, theirs = [], []
    for our, their in pairs:
        our(), their()
        for _ in range(rounds):
            ours.append(seconds_of(our))
            theirs.append(seconds_of(their))
    return Duel(ours=tuple(ours), theirs=tuple(theirs))


def seconds_of(call: Callable[[], object]) -> float:
    """Wall-clock seconds of one call."""
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


def milliseconds(name: str, seconds: Iterable[float]) -> Figure:
    """A median that is only told."""
    values = sorted(each * 1e3 for each in seconds)
    return Figure(
        name=name,
        value=round(median(values), 3),
        unit="ms",
        better="lower",
        low=round(values[0], 3),
        high=round(values[-1], 3),
        runs=len(values),
    )


def _ratio(name: str, ratios: list[float], *, better: str, bound: float | None) -> Figure:
    return Figure(
        name=name,
        value=round(median(ratios), 2),
        unit="times",
        better="higher" if better == "higher" else "lower",
        bound=bound,
        low=round(ratios[0], 2),
        high=round(ratios[-1], 2),
        runs=len(ratios),
    )
