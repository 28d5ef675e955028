"""The optimizer step in which each row is first used."""

import hashlib
from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from lineage.exposure.keyed import epoch_order, order_keys
from lineage.exposure.order import Remainder, Shuffle, TrainingOrder, UnusableOrderError

Rows = NDArray[np.int64]


def order_digest(visited: Rows) -> str:
    """``sha256:<hex>`` over row numbers in the order of visit, each as 8 bytes, little-endian.

    Of a recorded shuffle it covers every epoch, of any other the first.

    >>> order_digest(np.array([1, 0]))[:19]
    'sha256:4cbbd8ca5215'
    """
    return f"sha256:{hashlib.sha256(visited.astype('<i8').tobytes()).hexdigest()}"


def rows_of_epoch(
    order: TrainingOrder, epoch: int, *, ids: Sequence[str], recorded: Rows | None = None
) -> Rows:
    """Return the numbers of the rows that one epoch visits, in the order it visits them.

    Args:
        order: What the training recorded.
        epoch: From 0.
        ids: Record ids in the training's row order; as many as the training read.
        recorded: Of a recorded shuffle: its row numbers, shape ``(epochs, visits)``.

    Raises:
        UnusableOrderError: The recorded row numbers are missing or do not fit.
    """
    if order.shuffle is Shuffle.NUMPY:
        # The recipe that users are asked to train by; order_digest tells if numpy changed it.
        drawn: Rows = np.random.default_rng((order.seed or 0) + epoch).permutation(order.rows)
        return drawn
    if order.shuffle is Shuffle.KEYED:
        return epoch_order(order_keys(ids, seed=order.seed or 0), epoch=epoch)
    if order.shuffle is Shuffle.RECORDED:
        return _recorded_epoch(order, epoch, recorded)
    return np.arange(order.rows)


def _recorded_epoch(order: TrainingOrder, epoch: int, recorded: Rows | None) -> Rows:
    if recorded is None or recorded.ndim != 2 or recorded.shape[0] < order.epochs:  # noqa: PLR2004 - epochs by visits
        raise UnusableOrderError(
            f"file must hold one line of row numbers for each of the {order.epochs} epochs."
        )
    visited: Rows = recorded[epoch]
    if visited.size and (visited.min() < 0 or visited.max() >= order.rows):
        raise UnusableOrderError(f"file names a row outside of the {order.rows} rows.")
    return visited


def first_steps(
    order: TrainingOrder,
    *,
    ids: Sequence[str],
    wanted: Collection[str],
    recorded: Rows | None = None,
) -> dict[str, int | None]:
    """Compute the first optimizer step, from 1, whose update holds each wanted record.

    The steps of the batches are counted as the loader cuts them: each worker's rows into batches,
    ``accumulation`` batches a step. Rows that a distributed sampler repeats to give every worker
    as many come after their first visit, so they never decide.

    Args:
        order: What the training recorded.
        ids: Record ids in the training's row order; an id may stand in several rows.
        wanted: Record ids to look for.
        recorded: Of a recorded shuffle, and only of one: its row numbers, ``(epochs, visits)``.

    Returns:
        Per wanted id that the training read: its step, or None where no step ever used it (its
        batch was dropped in every epoch).

    Raises:
        UnusableOrderError: The order was recorded over other rows than these.
    """
    if len(ids) != order.rows:
        raise UnusableOrderError(
            f"rows: the order was recorded over {order.rows} rows, the dataset has {len(ids)}."
        )
    sought = set(wanted)
    waiting = {row for row, record_id in enumerate(ids) if record_id in sought}
    found: dict[str, int | None] = dict.fromkeys(ids[row] for row in sorted(waiting))
    before = 0  # batches of the epochs before, or steps
    for epoch in range(order.epochs):
        visited = rows_of_epoch(order, epoch, ids=ids, recorded=recorded)
        if epoch == 0:
            _compare(order, visited if recorded is None else recorded)
        batches = _batches(order, visited.size)
        for place in np.flatnonzero(np.isin(visited, list(waiting))):
            batch = int(place) // order.workers // order.batch_size
            row = int(visited[place])
            if batch < batches and row in waiting:
                waiting.remove(row)
                found[ids[row]] = _earlier(found[ids[row]], _step(order, before, batch))
        # What every epoch visits alike, or leaves out altogether, does not change any more.
        if not waiting or not batches or order.shuffle is Shuffle.NONE:
            break
        before += _count(order, batches)
    return found


def _compare(order: TrainingOrder, visited: Rows) -> None:
    """Hold the row numbers, as they are drawn or read now, against what the training recorded."""
    if order.digest and order.digest != order_digest(visited):
        raise UnusableOrderError(
            "digest: the row numbers found now are not those that the training recorded."
        )


def _batches(order: TrainingOrder, visits: int) -> int:
    """Batches that each worker takes in an epoch."""
    each = -(-visits // order.workers)
    return each // order.batch_size if order.drop_last else -(-each // order.batch_size)


def _count(order: TrainingOrder, batches: int) -> int:
    """What an epoch adds: steps, or batches where they count on into the next epoch."""
    carries = order.remainder is Remainder.CARRIES
    return batches if carries else -(-batches // order.accumulation)


def _step(order: TrainingOrder, before: int, batch: int) -> int:
    if order.remainder is Remainder.CARRIES:
        return (before + batch) // order.accumulation + 1
    return before + batch // order.accumulation + 1


def _earlier(known: int | None, step: int) -> int:
    return step if known is None else min(known, step)
