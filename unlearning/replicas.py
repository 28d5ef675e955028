"""Trains many replicas of one training that differ by seed only, for tests that need many models.

Small networks leave most of a processor idle: one batched matrix product over sixteen replicas is
several times faster than sixteen products. What a replica becomes does not depend on the others.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from unlearning.data import RecordView
from unlearning.jobfiles import Report
from unlearning.recipes import Recipe, State, TrainsReplicas
from unlearning.sharding import epoch_order

#: Replicas that are trained side by side: their weights and batches still fit the cache.
SIDE_BY_SIDE = 16


def train_replicas(
    recipe: Recipe,
    data: RecordView,
    *,
    params: Mapping[str, str],
    seeds: Sequence[int],
    report: Report,
) -> list[State]:
    """Train one model a seed from initial weights, side by side where the recipe can do that.

    Args:
        recipe: A recipe of models that start from no other model.
        data: The records to train on.
        params: Recorded parameters.
        seeds: One a replica.
        report: Called with the fraction done, 0.0 to 1.0, and a message.
    """
    if isinstance(recipe, TrainsReplicas):
        return recipe.train_replicas(data, params=params, seeds=seeds, report=report)
    states: list[State] = []
    for number, seed in enumerate(seeds):
        trained = recipe.train(
            data,
            params=params,
            seed=seed,
            resume_from=None,
            base=None,
            on_checkpoint=lambda _name, _state: None,
            report=lambda _fraction, _message: None,
        )
        states.append({name: tensor.clone() for name, tensor in trained.state.items()})
        report((number + 1) / len(seeds), f"replica {number + 1} of {len(seeds)}")
    return states


def descend_side_by_side(  # noqa: PLR0913 - one training loop, every argument by name
    stack: nn.Module,
    features: Tensor,
    classes: Tensor,
    *,
    keys: Sequence[NDArray[np.uint64]],
    optimizer: torch.optim.Optimizer,
    epochs: int,
    batch_size: int,
    report: Callable[[int], None],
) -> None:
    """Train a stack of replicas, each on its own order of the same records.

    Args:
        stack: Features ``(replicas, batch, d)`` to log-probabilities, the same per class,
            no replica's answer touching another's weights.
        features: Shape ``(n, d)``.
        classes: Shape ``(n,)``.
        keys: Keys of :func:`unlearning.sharding.order_keys`, one array a replica.
        optimizer: Of the stack's parameters; it must treat each number by itself, as SGD does.
        epochs: Passes over the records.
        batch_size: Records in a batch of one replica.
        report: Called after each epoch with the number of epochs done.
    """
    for epoch in range(epochs):
        order = torch.from_numpy(np.stack([epoch_order(key, epoch=epoch) for key in keys]))
        for batch in torch.split(order, batch_size, dim=1):
            rows = batch.reshape(-1)
            answers = stack(features.index_select(0, rows).view(*batch.shape, -1))
            # The sum over replicas of each one's mean: every replica gets the gradient of its own.
            loss = nn.functional.nll_loss(
                answers.flatten(0, 1), classes.index_select(0, rows), reduction="sum"
            )
            optimizer.zero_grad()
            torch.autograd.backward([loss / batch.shape[1]])
            optimizer.step()
        report(epoch + 1)
