"""Runs a recorded training and leaves a model directory: the one path by which models are made.

The example company, the methods and the replay of verification all train through here, so that
equal inputs give equal weights.
"""

import json
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from safetensors.torch import save_file

from unlearning.data import RecordView
from unlearning.digests import WEIGHTS_FILE, merged_digest, weights_digest
from unlearning.jobfiles import JobInputError, Report, Training
from unlearning.recipes import CHECKPOINTS, State, load_recipe

#: File of a model directory that lists the records trained on.
MANIFEST_FILE = "manifest.json"


@dataclass(frozen=True, kw_only=True)
class Trained:
    """A training that ran."""

    model_dir: Path
    digest: str
    #: Wall time of reading, training and checkpointing, base included.
    seconds: float
    view: RecordView
    details: Mapping[str, object]


def make_deterministic() -> None:
    """Make torch repeat itself: one thread, deterministic algorithms only.

    Equality by digest is promised on one machine with one build of torch; another processor may
    round differently.
    """
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(mode=True)


def run_training(  # noqa: PLR0913 - every argument of a training, by name
    training: Training,
    *,
    out: Path,
    report: Report,
    exclude: Collection[str] = frozenset(),
    resume_from: Path | None = None,
    base: Path | None = None,
) -> Trained:
    """Train once, without the excluded records.

    Args:
        training: What to train.
        out: Directory to make the model in; it is created.
        report: Progress, 0.0 to 1.0.
        exclude: Ids of records to leave out.
        resume_from: An earlier model of the same training whose clean checkpoints may be reused.
        base: Directory of the model to start from; of a merge, the folder of its models by name.

    Returns:
        The model directory: weights, checkpoints and the manifest of record digests.

    Raises:
        JobInputError: The forget set leaves no record to train on.
    """
    make_deterministic()
    started = time.perf_counter()
    recipe = load_recipe(training.recipe)
    view = _view(training, exclude)
    if exclude and not training.only_recasts and not view.records:
        raise JobInputError("the forget set is the whole dataset; delete the model instead")
    checkpoints = out / CHECKPOINTS
    checkpoints.mkdir(parents=True, exist_ok=True)
    trained = recipe.train(
        view,
        params=training.params,
        seed=training.seed,
        resume_from=resume_from,
        base=base,
        on_checkpoint=lambda name, state: save_state(checkpoints / f"{name}.safetensors", state),
        report=report,
    )
    save_state(out / WEIGHTS_FILE, trained.state)
    seconds = time.perf_counter() - started
    write_manifest(out, view)
    return Trained(
        model_dir=out,
        digest=weights_digest(trained.state),
        seconds=seconds,
        view=view,
        details=trained.details,
    )


def _view(training: Training, exclude: Collection[str]) -> RecordView:
    """The records of a training; none where it only recasts other models."""
    if training.only_recasts:
        return RecordView.empty(exclude=exclude)
    return RecordView.open(*training.datasets, exclude=exclude)


def run_lineage(
    training: Training, *, out: Path, report: Report, exclude: Collection[str] = frozenset()
) -> tuple[Trained, Trained | None]:
    """Train from the first ancestor on: each base from its initial weights, then what follows.

    Returns:
        The model (in ``out/model``) and its base (in ``out/base``) or None; seconds of the model
        include those of its base. Of a merge, the base is the folder of all that it brings into
        one, see :func:`together`.
    """
    if not training.before:
        return (
            run_training(training, out=out / "model", report=report, exclude=exclude),
            None,
        )
    early = _part(report, 0.0, 0.7)
    base = _base(training, out=out, report=early, exclude=exclude)
    model = run_training(
        training,
        out=out / "model",
        report=_part(report, 0.7, 1.0),
        exclude=exclude,
        base=base.model_dir,
    )
    return replace(model, seconds=model.seconds + base.seconds), base


def _base(training: Training, *, out: Path, report: Report, exclude: Collection[str]) -> Trained:
    """Make what a training starts from, in ``out/base``."""
    place = out / "base"
    if training.base is not None:
        base, _ = run_lineage(training.base, out=out / "base-run", report=report, exclude=exclude)
        return replace(base, model_dir=base.model_dir.replace(place))
    place.mkdir(parents=True)
    made = {}
    for number, (name, source) in enumerate(training.merged.items()):
        share = _part(report, number / len(training.merged), (number + 1) / len(training.merged))
        one, _ = run_lineage(source, out=out / f"source-{number}", report=share, exclude=exclude)
        made[name] = replace(one, model_dir=one.model_dir.replace(place / name))
    return together(training, made, place=place, exclude=exclude)


def together(
    training: Training,
    made: Mapping[str, Trained],
    *,
    place: Path,
    exclude: Collection[str] = frozenset(),
) -> Trained:
    """Take the models that a merge brings into one as one base.

    Args:
        training: The merge.
        made: Its models by name.
        place: Folder with a model directory a name.
        exclude: Ids of records that were left out.
    """
    return Trained(
        model_dir=place,
        digest=merged_digest({name: one.digest for name, one in made.items()}),
        seconds=sum(one.seconds for one in made.values()),
        view=RecordView.open(
            *dict.fromkeys(uri for source in training.merged.values() for uri in source.rows),
            exclude=exclude,
        ),
        details={},
    )


def save_state(path: Path, state: State) -> None:
    """Write weights as safetensors."""
    save_file({name: tensor.detach().contiguous() for name, tensor in state.items()}, path)


def write_manifest(model_dir: Path, view: RecordView) -> None:
    """Write which records the model in this directory was trained on."""
    (model_dir / MANIFEST_FILE).write_text(json.dumps(view.manifest()), encoding="utf-8")


def read_manifest(model_dir: Path) -> frozenset[str]:
    """Return the digests of the ids of the records that the model was trained on.

    Raises:
        OSError: The directory holds no manifest.
    """
    manifest = json.loads((model_dir / MANIFEST_FILE).read_text(encoding="utf-8"))
    return frozenset(manifest["record_digests"])


def _part(report: Report, low: float, high: float) -> Report:
    return lambda fraction, message: report(low + (high - low) * fraction, message)
