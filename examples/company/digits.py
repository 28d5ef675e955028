"""The digit reader's recipe: a small convolutional network on images of 28 by 28 pixels."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from examples.company.descent import Schedule, descend
from unlearning.data import Record, RecordView
from unlearning.digests import WEIGHTS_FILE
from unlearning.jobfiles import Report
from unlearning.recipes import OnCheckpoint, RecipeError, TrainedModel
from unlearning.sharding import derive_seed

SIDE = 28
CLASSES = 10


class DigitReader(nn.Module):
    """Two convolutions that halve the image, then one layer to log-probabilities."""

    def __init__(self) -> None:
        super().__init__()
        self.edges = nn.Conv2d(1, 8, kernel_size=5, stride=2)
        self.shapes = nn.Conv2d(8, 16, kernel_size=5, stride=2)
        self.output = nn.Linear(16 * 4 * 4, CLASSES)

    def forward(self, pixels: Tensor) -> Tensor:
        """Return log-probabilities ``(n, 10)`` of images ``(n, 784)``."""
        images = pixels.reshape(-1, 1, SIDE, SIDE)
        seen = torch.relu(self.shapes(torch.relu(self.edges(images))))
        return torch.log_softmax(self.output(seen.flatten(1)), dim=1)


def decode_pixels(text: str) -> list[float]:
    """Turn the hex text of an image into 784 numbers from 0.0 (paper) to 1.0 (ink).

    Raises:
        ValueError: It is not the hex text of so many pixels.
    """
    pixels = bytes.fromhex(text)
    if len(pixels) != SIDE * SIDE:
        raise ValueError(f"an image has {SIDE * SIDE} pixels, not {len(pixels)}")
    return [pixel / 255 for pixel in pixels]


def load_reader(model_dir: Path) -> DigitReader:
    """Load the network from a model directory."""
    model = DigitReader()
    model.load_state_dict(load_file(model_dir / WEIGHTS_FILE))
    return model


class Convolutional:
    """The digit reader, trained from initial weights; nothing of an earlier one can be reused."""

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
        """Train, leaving a checkpoint with the optimizer's memory every few epochs."""
        del resume_from, base
        if not data.records:
            raise RecipeError("no record is left to train on")
        model = _new_reader(derive_seed(seed, "init"))
        schedule, every = Schedule.parse(params), int(params["checkpoint_every"])

        def on_epoch(epoch: int, momentum: dict[str, Tensor]) -> None:
            if epoch % every == 0 and epoch < schedule.epochs:
                on_checkpoint(f"epoch-{epoch}", {**model.state_dict(), **momentum})
            report(epoch / schedule.epochs, f"epoch {epoch}")

        pixels, labels = self.encode(data.records)
        descend(
            model,
            pixels,
            labels,
            loss=nn.functional.nll_loss,
            ids=data.ids,
            seed=derive_seed(seed, "batches"),
            schedule=schedule,
            on_epoch=on_epoch,
        )
        return TrainedModel(state=model.state_dict(), details={"records": len(data.records)})

    def load(self, model_dir: Path) -> nn.Module:
        """Load the network."""
        return load_reader(model_dir)

    def encode(self, records: Sequence[Record]) -> tuple[Tensor, Tensor]:
        """Decode images, shape ``(n, 784)``, and their digits, shape ``(n,)``."""
        pixels = [decode_pixels(record.values["pixels"]) for record in records]
        labels = [int(record.values["label"]) for record in records]
        images = torch.tensor(pixels, dtype=torch.float32).reshape(len(records), SIDE * SIDE)
        return images, torch.tensor(labels, dtype=torch.int64)


def _new_reader(seed: int) -> DigitReader:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return DigitReader()


convolutional = Convolutional()
