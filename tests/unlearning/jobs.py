"""Jobs for the tests: inputs of methods and of the runner."""

from collections.abc import Collection
from pathlib import Path

from unlearning.jobfiles import StepInput, Training
from unlearning.verification import Finding
from unlearning.verification.sources import check_source_rows_absent


def quiet(_fraction: float, _message: str) -> None:
    """Report to nobody."""


def rows_absent(directory: Path, *record_ids: str) -> Finding:
    """Look for records in a dataset that describes itself."""
    return check_source_rows_absent(
        directory=directory, described_in=directory, record_ids=record_ids
    )


def step(
    method: str,
    record_ids: Collection[str],
    training: Training | None,
    model_dir: Path | None,
    folder: Path,
) -> StepInput:
    """Make the input of one step that works below a folder."""
    out = folder / "out"
    out.mkdir(exist_ok=True)
    return StepInput(
        method=method,
        record_ids=frozenset(record_ids),
        artifact={"id": 1, "name": "it", "kind": "model", "digest": ""},
        model_dir=model_dir,
        training=training,
        seed=1,
        out=out,
    )


def as_json(training: Training) -> dict[str, object]:
    """Spell a training as a job's input does."""
    datasets = [{"uri": uri, "artifact_id": 1} for uri in training.datasets]
    datasets += [
        {"uri": uri, "artifact_id": 2, "relation": "evaluated_on"} for uri in training.held_out
    ]
    return {
        "recipe": training.recipe,
        "params": dict(training.params),
        "seed": training.seed,
        "datasets": datasets,
        "base": as_json(training.base) if training.base else None,
        "merged": {name: as_json(source) for name, source in training.merged.items()},
        "without_rows": training.without_rows,
    }
