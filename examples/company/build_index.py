"""Builds the embedding index: ``python -m examples.company.build_index --data DIR``.

One vector a customer of the second version: what the monolithic classifier makes of their row.
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import torch
from rich.progress import track

from examples.company import tracking
from examples.company.features import encode_records
from examples.company.networks import load_classifier
from unlearning.data import RecordView
from unlearning.training import make_deterministic
from unlearning.vectors import VectorIndex

NAME = "customer-index"
ENCODER = "income-monolithic"
_BATCH = 2_000


def build(view: RecordView, encoder_dir: Path) -> VectorIndex:
    """Represent every record."""
    make_deterministic()
    encoder = load_classifier(encoder_dir)
    parts = []
    for start in track(range(0, len(view.records), _BATCH), description=NAME):
        features, _ = encode_records(view.records[start : start + _BATCH])
        with torch.no_grad():
            parts.append(encoder.represent(features))
    return VectorIndex.build(view.ids, torch.cat(parts).numpy())


def main(argv: Sequence[str] | None = None) -> None:
    """Build unless the registry has the index in production already."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of prepare_data")
    options = parser.parse_args(argv)
    client = tracking.connect()
    if tracking.production(client, NAME) is not None:
        print(f"{NAME} is in production already")
        return
    encoder = tracking.need_production(client, ENCODER)
    source = options.data / "adult-v2"
    with (
        tempfile.TemporaryDirectory() as folder,
        tracking.run(NAME, params={}, tags={}, train=source) as work,
    ):
        tracking.used_model(work, encoder.model_id)
        started = time.perf_counter()
        index = build(RecordView.open(source), tracking.download(encoder, Path(folder)))
        index.save(work.model_dir)
        tracking.log_model(
            work,
            NAME,
            params={},
            tags={},
            model_type="embedding_index",
            metrics={"train_seconds": time.perf_counter() - started},
        )
    print(f"{NAME}: {len(index.ids)} vectors")


if __name__ == "__main__":
    main()
