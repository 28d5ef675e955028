"""Trains replicas of one model in a process of its own and scores the forgotten records.

``python -m unlearning.verification.replica_work REQUEST.json`` writes ``scores`` beside its
request. The replicas come in batches of fixed size, each with seeds of its own, so that the result
does not depend on how many processes share the batches.
"""

import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from unlearning.data import Record, RecordView
from unlearning.digests import WEIGHTS_FILE
from unlearning.jobfiles import Report, Training
from unlearning.methods.negative_gradient_repair import repair, retained_positions
from unlearning.progress import print_progress
from unlearning.recipes import Recipe, State, load_recipe
from unlearning.replicas import train_replicas
from unlearning.sharding import derive_seed
from unlearning.training import make_deterministic, save_state


class Laboratory:
    """Holds the data of one treated model and makes replicas of it."""

    def __init__(self, training: Training, forget_set: str) -> None:
        self._training = training
        self._recipe: Recipe = load_recipe(training.recipe)
        #: The files as they lie now, and the same with the forgotten rows put back.
        self._without = RecordView.open(*training.datasets)
        self._with = RecordView.open(*training.datasets, forget_set)
        forgotten: Sequence[Record] = RecordView.open(forget_set).records
        self._forgotten = self._recipe.encode(forgotten)
        self._retained = self._recipe.encode(self._without.records)

    def score(self, group: str, seeds: Sequence[int], report: Report) -> dict[str, object]:
        """Train one batch of replicas and return its scores, shape ``(replicas, records)``.

        Args:
            group: ``unlearned``, or a group that is trained without the records.
            seeds: One a replica.
            report: Called with the fraction done, 0.0 to 1.0, and a message.
        """
        treats = group == "unlearned"
        states = train_replicas(
            self._recipe,
            self._with if treats else self._without,
            params=self._training.params,
            seeds=seeds,
            report=report,
        )
        models = [self._loaded(state) for state in states]
        scores: dict[str, object] = {"group": group, "scores": self._logits(models)}
        if treats:
            for model, seed in zip(models, seeds, strict=True):
                self._unlearn(model, seed)
            scores |= {"before": scores["scores"], "scores": self._logits(models)}
        return scores

    def _loaded(self, state: State) -> nn.Module:
        with tempfile.TemporaryDirectory() as folder:
            save_state(Path(folder) / WEIGHTS_FILE, state)
            return self._recipe.load(Path(folder))

    def _unlearn(self, model: nn.Module, seed: int) -> None:
        """Do to a replica what the job did to the model."""
        positions = torch.from_numpy(
            retained_positions(self._without.ids, seed=derive_seed(seed, "unlearning"))
        )
        retained = (self._retained[0][positions], self._retained[1][positions])
        repair(model, retained, self._forgotten, lambda _fraction, _message: None)

    def _logits(self, models: Sequence[nn.Module]) -> list[list[float]]:
        """Return ``log p_y - log(1 - p_y)`` of each record under each model, in nats."""
        features, classes = self._forgotten
        return [_logits(model.eval(), features, classes) for model in models]


def _logits(model: nn.Module, features: Tensor, classes: Tensor) -> list[float]:
    with torch.no_grad():
        answers = model(features).double()
    own = answers.gather(1, classes[:, None])
    others = answers.scatter(1, classes[:, None], float("-inf")).logsumexp(dim=1, keepdim=True)
    return [float(value) for value in (own - others)[:, 0]]


def main() -> int:
    """Work through the batches of one request."""
    make_deterministic()
    path = Path(sys.argv[1])
    request: Mapping[str, object] = json.loads(path.read_text(encoding="utf-8"))
    batches = request["batches"]
    laboratory = Laboratory(Training.parse(request["training"]), str(request["forget_set"]))
    made = []
    for number, batch in enumerate(batches if isinstance(batches, list) else ()):
        report = _progress(number, len(batches) if isinstance(batches, list) else 1)
        made.append(laboratory.score(batch["group"], batch["seeds"], report))
    path.with_suffix(".scores").write_text(json.dumps(made), encoding="utf-8")
    return 0


def _progress(number: int, total: int) -> Report:
    def report(fraction: float, message: str) -> None:
        print_progress((number + fraction) / total, message)

    return report


if __name__ == "__main__":
    sys.exit(main())
