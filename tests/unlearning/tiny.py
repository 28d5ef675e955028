"""A tiny dataset and a tiny recipe of the tests' own: methods meet code they do not know."""

import csv
import json
import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from unlearning.data import Record, RecordView
from unlearning.jobfiles import Report, Training
from unlearning.recipes import OnCheckpoint, TrainedModel
from unlearning.sharding import derive_seed, epoch_order, order_keys

PEOPLE = 60


def write_dataset(
    directory: Path, rows: int = PEOPLE, *, without: Collection[str] = (), reverse: bool = False
) -> Path:
    """Write a dataset of two segments; some rows may be missing, or the files run backwards."""
    directory.mkdir(parents=True)
    names = [f"R-{number:03d}" for number in range(rows)]
    kept = [name for name in names if name not in without]
    if reverse:
        kept.reverse()
    half = len(kept) // 2
    for index, part in enumerate((kept[:half], kept[half:])):
        with (directory / f"segment-{index:04d}.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["number", "email", "a", "b", "label"])
            writer.writerows(_row(name) for name in part)
    meaning = {"format": "csv", "subjectColumns": ["email"], "recordIdColumn": "number"}
    (directory / "record-index.json").write_text(json.dumps(meaning))
    return directory


def _row(name: str) -> list[object]:
    draw = derive_seed(1, "row", name)
    return [name, f"{name}@example.org", draw % 100, draw // 100 % 100, draw // 10_000 % 2]


class TinyRecipe:
    """Logistic regression; on_checkpoint and resume are not used, as many recipes do."""

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
        del resume_from, on_checkpoint
        torch.manual_seed(derive_seed(seed, "init"))
        model = _model()
        if base is not None:
            model.load_state_dict(load_file(base / "model.safetensors"))
        features, classes = self.encode(data.records)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        keys = order_keys(data.ids, seed=seed)
        for epoch in range(int(params["epochs"])):
            for batch in torch.split(torch.from_numpy(epoch_order(keys, epoch=epoch)), 8):
                optimizer.zero_grad()
                loss = nn.functional.nll_loss(model(features[batch]), classes[batch])
                torch.autograd.backward([loss])
                optimizer.step()
            report(1.0, f"epoch {epoch}")
        return TrainedModel(state=model.state_dict(), details={})

    def load(self, model_dir: Path) -> nn.Module:
        model = _model()
        model.load_state_dict(load_file(model_dir / "model.safetensors"))
        return model

    def encode(self, records: Sequence[Record]) -> tuple[Tensor, Tensor]:
        rows = [[float(r.values["a"]) / 100, float(r.values["b"]) / 100] for r in records]
        classes = [int(r.values["label"]) for r in records]
        return torch.tensor(rows), torch.tensor(classes)


def _model() -> nn.Module:
    return nn.Sequential(nn.Linear(2, 2), nn.LogSoftmax(dim=1))


class ChattyRecipe(TinyRecipe):
    """The same; its author prints to stdout, as authors do."""

    def encode(self, records: Sequence[Record]) -> tuple[Tensor, Tensor]:
        """Encode, and talk about it."""
        sys.stdout.buffer.write(b"epoch 1/3\n7\n[]\n{}\n\xff\n")
        sys.stdout.buffer.flush()
        return super().encode(records)


class TinyQuantizer(TinyRecipe):
    """Keeps the weights of its base as eighths, in 8 bits; it reads no rows."""

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
        """Round each weight."""
        del params, seed, resume_from, on_checkpoint
        assert base is not None
        assert data.records == ()
        weights = load_file(base / "model.safetensors")
        report(1.0, "rounded")
        state = {name: (8 * value).round().to(torch.int8) for name, value in weights.items()}
        return TrainedModel(state=state, details={})

    def load(self, model_dir: Path) -> nn.Module:
        """Give the rounded weights back their size."""
        model = _model()
        state = load_file(model_dir / "model.safetensors")
        model.load_state_dict({name: value.float() / 8 for name, value in state.items()})
        return model


class TinyMerger(TinyRecipe):
    """Three quarters of one model and a quarter of another: which is which matters."""

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
        """Average the weights of the two."""
        del seed, resume_from, on_checkpoint
        assert base is not None
        assert data.records == ()
        most, least = (
            load_file(base / params[place] / "model.safetensors") for place in ("most", "least")
        )
        report(1.0, "averaged")
        state = {name: 0.75 * most[name] + 0.25 * least[name] for name in most}
        return TrainedModel(state=state, details={})


recipe = TinyRecipe()
merger = TinyMerger()
quantizer = TinyQuantizer()
chatty = ChattyRecipe()


def training(
    *datasets: Path, held_out: Path | None = None, base: Training | None = None
) -> Training:
    """Describe a training of the tiny recipe."""
    return Training(
        recipe="tests.unlearning.tiny:recipe",
        params={"epochs": "3"},
        seed=5,
        datasets=tuple(str(path) for path in datasets),
        held_out=(str(held_out),) if held_out else (),
        base=base,
    )


def quantisation(base: Training) -> Training:
    """Describe a run that only rounds the weights of a model."""
    return Training(
        recipe="tests.unlearning.tiny:quantizer",
        params={},
        seed=0,
        datasets=(),
        held_out=base.held_out,
        base=base,
        without_rows=True,
    )


def merge(*, most: Training, least: Training) -> Training:
    """Describe a run that only averages two models."""
    return Training(
        recipe="tests.unlearning.tiny:merger",
        params={"most": "tall", "least": "small"},
        seed=0,
        datasets=(),
        held_out=most.held_out,
        merged={"small": least, "tall": most},
        without_rows=True,
    )
