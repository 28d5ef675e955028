"""The recipe of the customer segments: k-means by Lloyd's iteration (Lloyd 1982).

The first centres are the records with the smallest keys, and a key follows from the record's id and
the seed alone, so that the whole result depends on which records there are and on nothing else.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from examples.company.features import encode_records
from unlearning.data import Record, RecordView
from unlearning.digests import WEIGHTS_FILE
from unlearning.jobfiles import Report
from unlearning.recipes import OnCheckpoint, RecipeError, TrainedModel
from unlearning.sharding import derive_seed, order_keys


class Segments(nn.Module):
    """Centres of customer segments, shape ``(k, d)``."""

    centres: Tensor

    def __init__(self, centres: Tensor) -> None:
        super().__init__()
        self.register_buffer("centres", centres)

    def forward(self, features: Tensor) -> Tensor:
        """Return squared distances ``(n, k)``."""
        return squared_distances(features, self.centres)


def squared_distances(features: Tensor, centres: Tensor) -> Tensor:
    """Return squared Euclidean distances ``(n, k)``, none below zero by rounding."""
    products = features @ centres.T
    norms = features.square().sum(1, keepdim=True) + centres.square().sum(1)
    return (norms - 2 * products).clamp_min(0)


class KMeans:
    """Customer segments."""

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
        """Move the centres until no record changes its segment, or the iterations are used up."""
        del resume_from, base, on_checkpoint
        k, iterations = int(params["k"]), int(params["iterations"])
        if len(data.records) < k:
            raise RecipeError(f"{len(data.records)} records do not make {k} segments")
        features, _ = self.encode(data.records)
        keys = order_keys(data.ids, seed=derive_seed(seed, "centres"))
        centres = features[torch.from_numpy(np.argsort(keys, kind="stable")[:k])]
        nearest = squared_distances(features, centres).argmin(1)
        done = 0
        for done in range(1, iterations + 1):
            centres = _means(features, nearest, centres)
            before, nearest = nearest, squared_distances(features, centres).argmin(1)
            report(done / iterations, f"iteration {done}")
            if torch.equal(before, nearest):
                break
        report(1.0, f"{done} iterations")
        return TrainedModel(
            state={"centres": centres}, details={"records": len(features), "iterations": done}
        )

    def load(self, model_dir: Path) -> nn.Module:
        """Load the centres."""
        return Segments(load_file(model_dir / WEIGHTS_FILE)["centres"])

    def encode(self, records: Sequence[Record]) -> tuple[Tensor, Tensor]:
        """Encode by the fixed vocabulary; there are no classes, so all are 0."""
        features, _ = encode_records(records)
        return features, torch.zeros(len(records), dtype=torch.int64)


def _means(features: Tensor, nearest: Tensor, centres: Tensor) -> Tensor:
    """Return the mean of each segment; one that lost every record stays where it was."""
    members = nn.functional.one_hot(nearest, len(centres)).to(features.dtype)
    counts = members.sum(0).unsqueeze(1)
    return torch.where(counts > 0, (members.T @ features) / counts.clamp_min(1), centres)


kmeans = KMeans()
