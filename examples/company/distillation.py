"""The student's recipe: a small classifier that learns what a large one answers.

Distillation on soft labels (Hinton, Vinyals, Dean 2015, arXiv:1503.02531). The student never sees
a label, only the teacher's probabilities, and so inherits what the teacher learned from people
whose rows the student never read.
"""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from examples.company.descent import Schedule, descend
from examples.company.features import encode_records
from examples.company.networks import load_classifier, new_classifier
from examples.company.recipes import Monolithic
from unlearning.data import RecordView
from unlearning.jobfiles import Report
from unlearning.recipes import OnCheckpoint, RecipeError, TrainedModel
from unlearning.sharding import derive_seed


class Distilled(Monolithic):
    """A student of the base model; it loads and encodes as its teacher does."""

    def train(  # noqa: PLR0913 - the recipe contract
        self,
        data: RecordView,
        *,
        params: Mapping[str, str],
        seed: int,
        resume_from: Path | None,
        base: Path | None,
        on_checkpoint: OnCheckpoint,
        report: Report,
    ) -> TrainedModel:
        """Train a new student on the teacher's answers to the records."""
        del resume_from, on_checkpoint
        if base is None:
            raise RecipeError("a student needs its teacher as the base model")
        if not data.records:
            raise RecipeError("no record is left to train on")
        student = new_classifier(int(params["hidden"]), seed=derive_seed(seed, "init"))
        temperature, schedule = float(params["temperature"]), Schedule.parse(params)
        features, _ = encode_records(data.records)
        with torch.no_grad():
            answers = _soften(load_classifier(base)(features), temperature)

        descend(
            student,
            features,
            answers,
            loss=lambda answered, wanted: _divergence(answered, wanted, temperature),
            ids=data.ids,
            seed=derive_seed(seed, "batches"),
            schedule=schedule,
            on_epoch=lambda epoch, _: report(epoch / schedule.epochs, f"epoch {epoch}"),
        )
        return TrainedModel(state=student.state_dict(), details={"records": len(data.records)})


def _soften(log_probabilities: Tensor, temperature: float) -> Tensor:
    """Return log-probabilities at a temperature, 1.0 leaving them as they are."""
    return torch.log_softmax(log_probabilities / temperature, dim=1)


def _divergence(answered: Tensor, wanted: Tensor, temperature: float) -> Tensor:
    """Return how far softened answers lie from the teacher's, in nats, times the temperature².

    The factor keeps the gradients as large as without a temperature (section 2.1 of the paper).
    """
    return temperature**2 * nn.functional.kl_div(
        _soften(answered, temperature), wanted, reduction="batchmean", log_target=True
    )


distilled = Distilled()
