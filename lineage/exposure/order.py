"""The order and the batches of a training, as they were recorded."""

from dataclasses import dataclass
from enum import StrEnum


class UnusableOrderError(Exception):
    """A recorded order cannot be computed with; the message names the field and the remedy."""


class RowOrder(StrEnum):
    """In which order a training holds the rows before any shuffling."""

    FILE = "file"  # segments by file name, rows by line
    RECORD_ID = "record_id"  # sorted by record id, each id once


class Shuffle(StrEnum):
    """How the rows of one epoch (from 0) are visited."""

    NONE = "sequential"
    #: ``numpy.random.default_rng(seed + epoch).permutation(rows)``.
    NUMPY = "numpy-pcg64"
    #: :func:`lineage.exposure.keyed.epoch_order` over ids and seed.
    KEYED = "vestige-keyed"
    #: Written down by the training, e.g. drawn by ``torch.randperm``: one line of row numbers an
    #: epoch, in a ``.npy`` file.
    RECORDED = "recorded"


class Remainder(StrEnum):
    """What becomes of the batches at the end of an epoch that do not fill an accumulation."""

    STEPS = "steps"  # the optimizer steps with what it has
    CARRIES = "carries"  # they count towards the first step of the next epoch


@dataclass(frozen=True, kw_only=True)
class TrainingOrder:
    """Everything that decides in which optimizer step a row is first used.

    Raises:
        UnusableOrderError: A number is out of range, or a shuffle lacks what it is computed from.
    """

    #: Rows that the training read.
    rows: int
    shuffle: Shuffle
    #: Rows in a batch of one worker.
    batch_size: int
    epochs: int
    row_order: RowOrder = RowOrder.FILE
    #: Of the shuffle; None where none was recorded.
    seed: int | None = None
    #: Whether the last, smaller batch of an epoch is left out.
    drop_last: bool = False
    #: Batches whose gradients one optimizer step adds up.
    accumulation: int = 1
    remainder: Remainder = Remainder.STEPS
    #: Data-parallel workers: worker ``w`` takes every ``workers``-th row of the epoch's order from
    #: the ``w``-th on, and all of them share each step (torch ``DistributedSampler``).
    workers: int = 1
    #: What :func:`lineage.exposure.steps.order_digest` gives of the row numbers of the first epoch,
    #: of a recorded shuffle of all epochs; empty where none was recorded.
    digest: str = ""
    #: Of a recorded shuffle: ``file:`` URI of the row numbers.
    file: str = ""

    def __post_init__(self) -> None:
        for name in ("rows", "batch_size", "epochs", "accumulation", "workers"):
            if getattr(self, name) < 1:
                raise UnusableOrderError(f"{name} must be at least 1.")
        if self.shuffle in (Shuffle.NUMPY, Shuffle.KEYED) and self.seed is None:
            raise UnusableOrderError(f"seed is missing; {self.shuffle} cannot be drawn without it.")
        if self.shuffle is Shuffle.NUMPY and (self.seed or 0) < 0:
            raise UnusableOrderError("seed must not be negative for numpy-pcg64.")
        if self.shuffle in (Shuffle.NUMPY, Shuffle.RECORDED) and not self.digest:
            raise UnusableOrderError(
                f"digest is missing; without it nobody can tell whether {self.shuffle} is read "
                "today as it was then. Record what order_digest gives."
            )
        if self.shuffle is Shuffle.RECORDED and not self.file:
            raise UnusableOrderError("file is missing; a recorded order must say where it lies.")
        if self.shuffle is Shuffle.KEYED and self.row_order is not RowOrder.RECORD_ID:
            raise UnusableOrderError("row_order must be record_id for vestige-keyed.")
