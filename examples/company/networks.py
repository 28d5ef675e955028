"""The company's networks and their one training loop."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from examples.company.features import CLASSES, N_FEATURES
from unlearning.digests import WEIGHTS_FILE
from unlearning.sharding import epoch_order, order_keys


class Classifier(nn.Module):
    """Two layers: features to a representation to log-probabilities."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(N_FEATURES, hidden)
        self.output = nn.Linear(hidden, len(CLASSES))

    def represent(self, features: Tensor) -> Tensor:
        """Return representations ``(n, hidden)``, what the embedding index holds."""
        return torch.tanh(self.hidden(features))

    def forward(self, features: Tensor) -> Tensor:
        """Return log-probabilities ``(n, classes)``."""
        return torch.log_softmax(self.output(self.represent(features)), dim=1)


class Ensemble(nn.Module):
    """One classifier a shard; the answer is the mean of their probabilities."""

    def __init__(self, n_shards: int, hidden: int) -> None:
        super().__init__()
        self.shards = nn.ModuleList(Classifier(hidden) for _ in range(n_shards))

    def forward(self, features: Tensor) -> Tensor:
        """Return log-probabilities ``(n, classes)``."""
        answers = torch.stack([shard(features) for shard in self.shards])
        return torch.logsumexp(answers, dim=0) - torch.log(torch.tensor(float(len(self.shards))))


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


def new_classifier(hidden: int, *, seed: int) -> Classifier:
    """Make a classifier with weights drawn from the seed, whatever was drawn before."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Classifier(hidden)


def load_classifier(model_dir: Path) -> Classifier:
    """Load a single classifier from a model directory."""
    state = load_file(model_dir / WEIGHTS_FILE)
    model = Classifier(state["hidden.weight"].shape[0])
    model.load_state_dict(state)
    return model


def load_ensemble(model_dir: Path) -> Ensemble:
    """Load an ensemble from a model directory."""
    state = load_file(model_dir / WEIGHTS_FILE)
    n_shards = len({name.split(".")[1] for name in state})
    model = Ensemble(n_shards, state["shards.0.hidden.weight"].shape[0])
    model.load_state_dict(state)
    return model


def fit(  # noqa: PLR0913 - one training loop, every argument by name
    model: nn.Module,
    features: Tensor,
    classes: Tensor,
    *,
    ids: tuple[str, ...],
    seed: int,
    schedule: Schedule,
    report: Callable[[float], None],
) -> None:
    """Train by SGD with momentum; which records share a batch follows from ids and seed.

    The optimizer starts fresh at every call, so that weights alone are a full checkpoint.
    """
    optimizer = torch.optim.SGD(
        model.parameters(), lr=schedule.learning_rate, momentum=0.9, fused=True
    )
    keys = order_keys(ids, seed=seed)
    for epoch in range(schedule.epochs):
        order = torch.from_numpy(epoch_order(keys, epoch=epoch))
        batches = zip(
            torch.split(features[order], schedule.batch_size),
            torch.split(classes[order], schedule.batch_size),
            strict=True,
        )
        for batch, targets in batches:
            optimizer.zero_grad()
            torch.autograd.backward([nn.functional.nll_loss(model(batch), targets)])
            optimizer.step()
        report((epoch + 1) / schedule.epochs)
