"""When a training first saw a record, and which of its checkpoints are older: plain computing.

A training that records its order (the run tag ``vestige.order``) can be replayed on paper: the
order of the rows in each epoch, cut into batches, tells the optimizer step whose update first
holds a record. What is not recorded is answered as unknown, with the reason and the bound that is
safe to assume; it is never guessed.
"""

from lineage.exposure.answers import (
    UNKNOWN_FROM,
    Checkpoint,
    Exposure,
    SortedCheckpoints,
    earliest,
    exposed_from,
    never_exposed,
    sort_checkpoints,
    unknown_exposure,
)
from lineage.exposure.declared import (
    OPTIMIZER_STEP_TAG,
    ORDER_TAG,
    order_tag,
    read_order,
    read_step,
)
from lineage.exposure.order import (
    Remainder,
    RowOrder,
    Shuffle,
    TrainingOrder,
    UnusableOrderError,
)
from lineage.exposure.steps import first_steps, order_digest, rows_of_epoch

__all__ = [
    "OPTIMIZER_STEP_TAG",
    "ORDER_TAG",
    "UNKNOWN_FROM",
    "Checkpoint",
    "Exposure",
    "Remainder",
    "RowOrder",
    "Shuffle",
    "SortedCheckpoints",
    "TrainingOrder",
    "UnusableOrderError",
    "earliest",
    "exposed_from",
    "first_steps",
    "never_exposed",
    "order_digest",
    "order_tag",
    "read_order",
    "read_step",
    "rows_of_epoch",
    "sort_checkpoints",
    "unknown_exposure",
]
