"""The company's income classifiers, and how they learn classes."""

from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from examples.company.descent import Schedule, descend
from examples.company.features import CLASSES, N_FEATURES
from unlearning.digests import WEIGHTS_FILE


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


class ClassifierStack(nn.Module):
    """Several classifiers side by side, with nothing in common but their size."""

    def __init__(self, classifiers: Sequence[Classifier]) -> None:
        super().__init__()
        states = [classifier.state_dict() for classifier in classifiers]

        def stacked(name: str) -> nn.Parameter:
            return nn.Parameter(torch.stack([state[name].t() for state in states]).contiguous())

        # Weights are held transposed: batched products run faster on them so.
        self.hidden_weight, self.hidden_bias = stacked("hidden.weight"), stacked("hidden.bias")
        self.output_weight, self.output_bias = stacked("output.weight"), stacked("output.bias")

    def forward(self, features: Tensor) -> Tensor:
        """Return log-probabilities ``(replicas, n, classes)`` of ``(replicas, n, d)``."""
        hidden = torch.baddbmm(self.hidden_bias[:, None], features, self.hidden_weight)
        answers = torch.baddbmm(self.output_bias[:, None], hidden.tanh(), self.output_weight)
        return torch.log_softmax(answers, dim=2)

    def states(self) -> list[dict[str, Tensor]]:
        """Return the weights of each classifier, as its own ``state_dict`` would hold them."""
        return [
            {
                f"{layer}.{part}": getattr(self, f"{layer}_{part}")[replica].detach().t().clone()
                for layer in ("hidden", "output")
                for part in ("weight", "bias")
            }
            for replica in range(len(self.hidden_bias))
        ]


class Ensemble(nn.Module):
    """One classifier a shard; the answer is the mean of their probabilities."""

    def __init__(self, n_shards: int, hidden: int) -> None:
        super().__init__()
        self.shards = nn.ModuleList(Classifier(hidden) for _ in range(n_shards))

    def forward(self, features: Tensor) -> Tensor:
        """Return log-probabilities ``(n, classes)``."""
        answers = torch.stack([shard(features) for shard in self.shards])
        return torch.logsumexp(answers, dim=0) - torch.log(torch.tensor(float(len(self.shards))))


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


def fit(  # noqa: PLR0913 - every argument of a training, by name
    model: nn.Module,
    features: Tensor,
    classes: Tensor,
    *,
    ids: tuple[str, ...],
    seed: int,
    schedule: Schedule,
    report: Callable[[float], None],
) -> None:
    """Train on classes; see :func:`examples.company.descent.descend`.

    The optimizer starts fresh at every call, so that weights alone are a full checkpoint.
    """
    descend(
        model,
        features,
        classes,
        loss=nn.functional.nll_loss,
        ids=ids,
        seed=seed,
        schedule=schedule,
        on_epoch=lambda epoch, _: report(epoch / schedule.epochs),
    )
