"""A tiny generator, its sampling and a tiny clustering of the tests' own."""

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from tests.unlearning.tiny import TinyRecipe
from unlearning.data import Record, RecordView
from unlearning.jobfiles import Report, Sampling, Training
from unlearning.recipes import OnCheckpoint, TrainedModel
from unlearning.sharding import derive_seed


class Counts(TinyRecipe):
    """How often each label was seen: a generator that no row leaves unchanged."""

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
        del params, seed, resume_from, base, on_checkpoint
        report(1.0, "counted")
        _, classes = self.encode(data.records)
        counts = torch.bincount(classes, minlength=2).double()
        return TrainedModel(state={"counts": counts}, details={})

    def load(self, model_dir: Path) -> nn.Module:
        return CountsModel(load_file(model_dir / "model.safetensors")["counts"])


class CountsModel(nn.Module):
    def __init__(self, counts: Tensor) -> None:
        super().__init__()
        self.register_buffer("likely", torch.log(counts / counts.sum()).float())

    def forward(self, features: Tensor) -> Tensor:
        return self.get_buffer("likely").expand(len(features), -1)


class Sampler:
    """Writes rows whose columns say the counts they were sampled from."""

    def sample(
        self,
        generator_dir: Path,
        *,
        params: Mapping[str, str],
        seed: int,
        out: Path,
        report: Report,
    ) -> None:
        counts = load_file(generator_dir / "model.safetensors")["counts"]
        with (out / "segment-0000.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["row_id", "a", "b", "label"])
            for number in range(int(params["rows"])):
                draw = derive_seed(seed, "row", number)
                writer.writerow([f"S-{number}", int(counts[0]), draw % 100, draw % 2])
        meaning = {"format": "csv", "subjectColumns": [], "recordIdColumn": "row_id"}
        (out / "record-index.json").write_text(json.dumps(meaning))
        report(1.0, "sampled")


class Clusters(TinyRecipe):
    """One centre: the mean of all records."""

    task = "clustering"

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
        del params, seed, resume_from, base, on_checkpoint
        report(1.0, "averaged")
        features, _ = self.encode(data.records)
        return TrainedModel(state={"centres": features.mean(dim=0, keepdim=True)}, details={})

    def load(self, model_dir: Path) -> nn.Module:
        return Distances(load_file(model_dir / "model.safetensors")["centres"])

    def encode(self, records: Sequence[Record]) -> tuple[Tensor, Tensor]:
        features, classes = super().encode(records)
        return features, torch.zeros_like(classes)


class Distances(nn.Module):
    def __init__(self, centres: Tensor) -> None:
        super().__init__()
        self.register_buffer("centres", centres)

    def forward(self, features: Tensor) -> Tensor:
        return torch.cdist(features, self.get_buffer("centres")) ** 2


counts = Counts()
sampler = Sampler()
clusters = Clusters()


def counting(*datasets: Path) -> Training:
    """Describe the training of the generator."""
    return Training(
        recipe="tests.unlearning.synthetic:counts",
        params={},
        seed=1,
        datasets=tuple(map(str, datasets)),
    )


def sampling(*datasets: Path) -> Sampling:
    """Describe a sampling from a generator trained on these datasets."""
    return Sampling(
        recipe="tests.unlearning.synthetic:sampler",
        params={"rows": "40"},
        seed=2,
        training=counting(*datasets),
    )


def clustering(*datasets: Path, held_out: Path | None = None) -> Training:
    """Describe the training of the clustering."""
    return Training(
        recipe="tests.unlearning.synthetic:clusters",
        params={},
        seed=1,
        datasets=tuple(map(str, datasets)),
        held_out=(str(held_out),) if held_out else (),
    )
