"""The generator's recipe: naive Bayes by counts, which classifies customers and can be sampled.

Given the income class every column is taken as independent. The model is nothing but whole numbers:
how many records of a class have each value. Counting has no order and does not round, so training
without a record equals subtracting it (Cao and Yang 2015, doi:10.1109/SP.2015.35).
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from examples.company.features import CLASSES, LABEL, VOCABULARY
from unlearning.data import Record, RecordView
from unlearning.digests import WEIGHTS_FILE
from unlearning.jobfiles import Report
from unlearning.recipes import OnCheckpoint, RecipeError, TrainedModel

#: Numeric columns in ranges: where each range begins, and where the last one ends (exclusive).
#: Constants, so that no record moves another's range.
RANGES: dict[str, tuple[int, ...]] = {
    "age": (17, 25, 30, 35, 40, 45, 50, 55, 60, 65, 75, 91),
    "education-num": tuple(range(1, 18)),
    "hours-per-week": (1, 20, 30, 35, 40, 41, 45, 50, 60, 80, 100),
    "capital-gain": (0, 1, 2_000, 5_000, 7_500, 15_000, 50_000, 100_000),
    "capital-loss": (0, 1, 1_500, 1_750, 2_000, 2_500, 5_000),
}
#: Columns with how many values each has, in the order of the counts.
WIDTHS: dict[str, int] = {
    **{column: len(edges) - 1 for column, edges in RANGES.items()},
    **{column: len(values) for column, values in VOCABULARY.items()},
}
#: Added to every count, so that a value that a class never had is unlikely and not impossible.
SMOOTHING = 1.0


def value_of(column: str, text: str) -> int:
    """Return which of a column's values a text is; numbers beyond the ranges take the nearest."""
    if column in RANGES:
        position = bisect_right(RANGES[column], float(text)) - 1
        return min(max(position, 0), WIDTHS[column] - 1)
    return VOCABULARY[column].index(text)


def class_probabilities(state: Mapping[str, Tensor]) -> Tensor:
    """Return how likely each class is, shape ``(classes,)``, in double precision."""
    smoothed = state["classes"].to(torch.float64) + SMOOTHING
    return smoothed / smoothed.sum()


def value_probabilities(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return for each column how likely a class has each value, shapes ``(classes, values)``."""
    counts = state["counts"].to(torch.float64) + SMOOTHING
    columns = torch.split(counts, list(WIDTHS.values()), dim=1)
    return {
        column: part / part.sum(1, keepdim=True)
        for column, part in zip(WIDTHS, columns, strict=True)
    }


class NaiveBayes(nn.Module):
    """The counts as a classifier."""

    prior: Tensor
    likelihood: Tensor

    def __init__(self, state: Mapping[str, Tensor]) -> None:
        super().__init__()
        likelihood = torch.cat(list(value_probabilities(state).values()), dim=1).log()
        self.register_buffer("prior", class_probabilities(state).log().to(torch.float32))
        self.register_buffer("likelihood", likelihood.to(torch.float32))

    def forward(self, features: Tensor) -> Tensor:
        """Return log-probabilities ``(n, classes)``."""
        return torch.log_softmax(features @ self.likelihood.T + self.prior, dim=1)


class Generator:
    """The generator of made-up customers."""

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
        """Count."""
        del params, seed, resume_from, base, on_checkpoint
        if not data.records:
            raise RecipeError("no record is left to count")
        features, classes = self.encode(data.records)
        members = nn.functional.one_hot(classes, len(CLASSES))
        state = {"counts": members.T @ features.to(torch.int64), "classes": members.sum(0)}
        report(1.0, f"{len(features)} records counted")
        return TrainedModel(state=state, details={"records": len(features)})

    def load(self, model_dir: Path) -> nn.Module:
        """Load the counts."""
        return NaiveBayes(load_file(model_dir / WEIGHTS_FILE))

    def encode(self, records: Sequence[Record]) -> tuple[Tensor, Tensor]:
        """Mark each record's values, shape ``(n, values of all columns)``, and its class."""
        marked = torch.tensor([_marks(record) for record in records], dtype=torch.int64)
        features = torch.zeros(len(records), sum(WIDTHS.values()))
        features.scatter_(1, marked.reshape(len(records), len(WIDTHS)), 1.0)
        classes = [CLASSES.index(record.values[LABEL]) for record in records]
        return features, torch.tensor(classes, dtype=torch.int64)


def _marks(record: Record) -> list[int]:
    """Return which of the features are 1."""
    marks, offset = [], 0
    for column, width in WIDTHS.items():
        marks.append(offset + value_of(column, record.values[column]))
        offset += width
    return marks


generator = Generator()
