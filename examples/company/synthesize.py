"""Samples made-up customers: ``python -m examples.company.synthesize --data DIR``.

The event says which model they were sampled from, by which code and with which seed, so that they
can be sampled again from a generator that forgot somebody.
"""

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

from mlflow.entities import LoggedModel
from rich.progress import Progress

from examples.company import events, tracking
from examples.company.datasets import is_written
from examples.company.synthesis import sample_generator

NAME = "adult-synthetic"
GENERATOR = "income-generator"
SYNTHESIS = "examples.company.synthesis:sample_generator"
ROWS = 20_000
SEED = 7


def sample(directory: Path, model: LoggedModel, *, rows: int) -> None:
    """Write the dataset from the generator's files."""
    with tempfile.TemporaryDirectory() as folder, Progress() as progress:
        bar = progress.add_task(NAME, total=1.0)
        sample_generator.sample(
            tracking.download(model, Path(folder)),
            params={"rows": str(rows)},
            seed=SEED,
            out=directory,
            report=lambda done, column: progress.update(
                bar, completed=done, description=f"{NAME}: {column}"
            ),
        )


def written(directory: Path, model_id: str, *, rows: int) -> events.Written:
    """Say what the event of the made-up rows says."""
    return events.Written(
        directory=directory,
        job="synthesize",
        description=f"Rows sampled from the model {GENERATOR}; none of them is a person's.",
        artifact={
            "kind": "synthetic_dataset",
            "synthesis": {
                "model": model_id,
                "recipe": SYNTHESIS,
                "params": {"rows": str(rows)},
                "seed": SEED,
                "policy": "regenerate",
            },
        },
    )


def main(argv: Sequence[str] | None = None) -> None:
    """Sample unless the rows are there already, and emit the event."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of prepare_data")
    parser.add_argument("--rows", type=int, default=ROWS, help="how many rows to make up")
    events.add_options(parser)
    options = parser.parse_args(argv)
    directory = options.data.resolve() / NAME
    model = tracking.need_production(tracking.connect(), GENERATOR)
    if not is_written(directory):
        sample(directory, model, rows=options.rows)
        print(f"wrote {directory}")
    events.report(options, written(directory, model.model_id, rows=options.rows))


if __name__ == "__main__":
    main()
