"""The company's one training loop: gradient descent on any loss.

It hands out the optimizer's memory to those who keep a training state.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor, nn

from unlearning.sharding import epoch_order, order_keys

#: Of what the model answers and of the targets; returns a scalar.
Loss: TypeAlias = Callable[[Tensor, Tensor], Tensor]
#: Called after each epoch with its number, from 1, and the optimizer's momentum by parameter name.
OnEpoch: TypeAlias = Callable[[int, dict[str, Tensor]], None]


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """How long and how fast to train."""

    epochs: int
    batch_size: int
    learning_rate: float

    @classmethod
    def parse(cls, params: Mapping[str, str]) -> "Schedule":
        """Read the schedule from recorded parameters."""
        return cls(
            epochs=int(params["epochs"]),
            batch_size=int(params["batch_size"]),
            learning_rate=float(params["learning_rate"]),
        )


def new_optimizer(model: nn.Module, schedule: Schedule) -> torch.optim.SGD:
    """Make the optimizer of every gradient descent of the company."""
    return torch.optim.SGD(model.parameters(), lr=schedule.learning_rate, momentum=0.9, fused=True)


def descend(  # noqa: PLR0913 - one training loop, every argument by name
    model: nn.Module,
    inputs: Tensor,
    targets: Tensor,
    *,
    loss: Loss,
    ids: tuple[str, ...],
    seed: int,
    schedule: Schedule,
    on_epoch: OnEpoch,
) -> None:
    """Train by SGD with momentum; which records share a batch follows from ids and seed.

    Args:
        model: Trained in place.
        inputs: One row a record, in the order of the ids.
        targets: The same, what the loss compares with.
        loss: What to make small.
        ids: Ids of the records, sorted.
        seed: Decides the order within each epoch.
        schedule: How long and how fast.
        on_epoch: Called after each epoch.
    """
    optimizer = new_optimizer(model, schedule)
    keys = order_keys(ids, seed=seed)
    for epoch in range(schedule.epochs):
        order = torch.from_numpy(epoch_order(keys, epoch=epoch))
        batches = zip(
            torch.split(inputs[order], schedule.batch_size),
            torch.split(targets[order], schedule.batch_size),
            strict=True,
        )
        for batch, wanted in batches:
            optimizer.zero_grad()
            torch.autograd.backward([loss(model(batch), wanted)])
            optimizer.step()
        on_epoch(epoch + 1, _momentum(model, optimizer))


def _momentum(model: nn.Module, optimizer: torch.optim.SGD) -> dict[str, Tensor]:
    return {
        f"momentum.{name}": optimizer.state[parameter]["momentum_buffer"]
        for name, parameter in model.named_parameters()
    }
