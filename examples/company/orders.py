"""What the company records of the order in which a training met its records.

It tells :func:`examples.company.descent.descend` again: the records sorted by id, a fresh order
each epoch from ids and seed, batches of equal size with a smaller one at the end.
"""

from collections.abc import Mapping, Sequence

from examples.company.descent import Schedule
from lineage.exposure import RowOrder, Shuffle, TrainingOrder, order_digest
from unlearning.sharding import derive_seed, epoch_order, order_keys


def order_of(ids: Sequence[str], params: Mapping[str, object], *, seed: int) -> TrainingOrder:
    """Return the order of a training that is one descent over all records.

    Args:
        ids: Ids of the records trained on, sorted.
        params: Parameters of the training.
        seed: Of the whole training.
    """
    schedule = _schedule(params)
    drawn_from = derive_seed(seed, "batches")
    first = epoch_order(order_keys(tuple(ids), seed=drawn_from), epoch=0)
    return TrainingOrder(
        rows=len(ids),
        row_order=RowOrder.RECORD_ID,
        shuffle=Shuffle.KEYED,
        seed=drawn_from,
        batch_size=schedule.batch_size,
        epochs=schedule.epochs,
        digest=order_digest(first),
    )


def steps_an_epoch(ids: Sequence[str], params: Mapping[str, object]) -> int:
    """Return how many optimizer steps an epoch takes."""
    return -(-len(ids) // _schedule(params).batch_size)


def _schedule(params: Mapping[str, object]) -> Schedule:
    return Schedule.parse({name: str(value) for name, value in params.items()})
