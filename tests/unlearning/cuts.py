"""Kills at every effect: a run is cut before each one in turn, and then repeated whole."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest


class Killed(BaseException):
    """What ``kill -9`` would have done here; no handler of an attempt may catch it."""


class Cutter:
    """Counts the calls of some functions and kills at the one that it was told to."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.calls = 0

    def wrap(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function, which now may not be reached."""

        def cut(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - stands for any function
            self.calls += 1
            if self.calls == self.at:
                raise Killed
            return function(*arguments, **named)

        return cut


@contextmanager
def cut_at(number: int, *effects: tuple[object, str]) -> Iterator[Cutter]:
    """Kill before the nth of these effects, counted from 1."""
    cutter = Cutter(number)
    with pytest.MonkeyPatch.context() as patch:
        for owner, name in effects:
            patch.setattr(owner, name, cutter.wrap(getattr(owner, name)))
        yield cutter
