"""What can be said of an exposure, and of the checkpoints of the same training."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

#: What is safe to assume where the order is unknown: the very first update used the record.
UNKNOWN_FROM = 1


@dataclass(frozen=True, kw_only=True)
class Exposure:
    """Since when a training may carry some records."""

    #: First optimizer step whose update used one of them; 0: the weights that the training began
    #: with carried them already; None: no step used any.
    step: int | None
    #: False: the step is only the bound that is safe to assume.
    known: bool
    #: Why it is not known, or by what the records came where it was not by their rows.
    reasons: tuple[str, ...] = ()


def never_exposed() -> Exposure:
    """The answer where no step used any of the records."""
    return Exposure(step=None, known=True)


def exposed_from(step: int, *reasons: str) -> Exposure:
    """The answer where the step was computed."""
    return Exposure(step=step, known=True, reasons=reasons)


def unknown_exposure(*reasons: str, since: int = UNKNOWN_FROM) -> Exposure:
    """The answer where something needed was not recorded."""
    return Exposure(step=since, known=False, reasons=reasons)


def earliest(exposures: Iterable[Exposure]) -> Exposure:
    """Put several answers together: the earliest step counts, and what is unknown stays unknown.

    One answer may be a bound and another computed. A computed step that is no later than every
    bound is known all the same: nothing can have come before it.

    >>> earliest([exposed_from(9), never_exposed(), exposed_from(4)]).step
    4
    >>> earliest([exposed_from(9), unknown_exposure("no seed")]).known
    False
    """
    listed = list(exposures)
    steps = [exposure.step for exposure in listed if exposure.step is not None]
    if not steps:
        return never_exposed()
    first = min(steps)
    computed = [item for item in listed if item.known and item.step == first]
    counted = computed or [item for item in listed if not item.known]
    reasons = dict.fromkeys(reason for item in counted for reason in item.reasons)
    return Exposure(step=first, known=bool(computed), reasons=tuple(reasons))


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """A state of a training on its way."""

    id: int
    name: str
    #: Optimizer steps done when it was saved; None where that was not recorded.
    step: int | None


@dataclass(frozen=True, kw_only=True)
class SortedCheckpoints:
    """The checkpoints of one training by what an exposure says of them, each by step."""

    #: Saved before the first update that used one of the records.
    clean: tuple[Checkpoint, ...]
    exposed: tuple[Checkpoint, ...]
    #: No step is recorded, so they cannot be called clean.
    without_step: tuple[Checkpoint, ...]


def sort_checkpoints(checkpoints: Collection[Checkpoint], exposure: Exposure) -> SortedCheckpoints:
    """Say which checkpoints were saved before the first exposure.

    A checkpoint of step ``s`` holds the updates of steps 1 to ``s``, so it is clean when the first
    exposure lies later. Where the exposure is not known, no checkpoint is called clean.
    """
    ordered = sorted(checkpoints, key=lambda item: (item.step is None, item.step or 0, item.id))
    if exposure.known and exposure.step is None:
        return SortedCheckpoints(clean=tuple(ordered), exposed=(), without_step=())
    first = exposure.step if exposure.known and exposure.step is not None else 0
    dated = [(item, item.step) for item in ordered if item.step is not None]
    return SortedCheckpoints(
        clean=tuple(item for item, step in dated if step < first),
        exposed=tuple(item for item, step in dated if step >= first),
        without_step=tuple(item for item in ordered if item.step is None),
    )
