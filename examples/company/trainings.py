"""Trains one of the company's models under MLflow; the scripts say which.

What is tagged here is what lets Vestige make the model again: the recipe, its parameters, its seed.
"""

import argparse
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.progress import Progress

from examples.company import tracking
from examples.company.checkpoints import keep_checkpoints
from examples.company.orders import order_of, steps_an_epoch
from lineage.exposure import ORDER_TAG, order_tag
from unlearning.data import RecordView
from unlearning.jobfiles import Training
from unlearning.recipes import load_recipe
from unlearning.training import run_training
from unlearning.verification.models import measure

SEED = 7


@dataclass(frozen=True, kw_only=True)
class Spec:
    """What a script trains."""

    #: Registered name, also the run's.
    name: str
    #: Where the recipe is defined, ``module:name``.
    recipe: str
    #: Folder below ``--data`` to train on.
    data: str
    #: Folder below ``--data`` to measure the finished model on.
    evaluate: str
    params: Mapping[str, object]
    tags: Mapping[str, str] = field(default_factory=dict)
    #: Registered name of the model to start from, or to learn from.
    base: str = ""
    #: What MLflow calls such a model.
    model_type: str = "classifier"
    #: Whether the states along the way are kept, as models of their own.
    keep_checkpoints: bool = False
    #: Whether the recipe is one descent over all records, whose order one tag can tell.
    tells_order: bool = False


def train(spec: Spec, argv: Sequence[str] | None = None) -> None:
    """Train unless the registry has the model in production already."""
    parser = argparse.ArgumentParser(description=f"Train {spec.name} under MLflow.")
    parser.add_argument("--data", type=Path, required=True, help="folder of prepare_data")
    parser.add_argument("--epochs", type=int, help="instead of the script's own number")
    options = parser.parse_args(argv)
    if tracking.production(tracking.connect(), spec.name) is not None:
        print(f"{spec.name} is in production already")
        return
    params = {**spec.params, "seed": SEED}
    if options.epochs is not None and "epochs" in params:
        params["epochs"] = options.epochs
    _train(spec, options.data, params)


def _train(spec: Spec, data: Path, params: Mapping[str, object]) -> None:
    tags = {"vestige.recipe": spec.recipe, "vestige.seed": str(SEED), **spec.tags}
    train_on, evaluate_on = data / spec.data, data / spec.evaluate
    with (
        tempfile.TemporaryDirectory() as folder,
        Progress() as progress,
        tracking.run(
            spec.name, params=params, tags=tags, train=train_on, evaluate=evaluate_on
        ) as work,
    ):
        bar = progress.add_task(spec.name, total=1.0)
        trained = run_training(
            Training(
                recipe=spec.recipe,
                params={key: str(value) for key, value in params.items()},
                seed=SEED,
                datasets=(str(train_on),),
            ),
            out=work.model_dir,
            base=_base(spec, work, Path(folder)),
            report=lambda done, message: progress.update(
                bar, completed=done, description=f"{spec.name}: {message}"
            ),
        )
        if spec.tells_order:
            order = order_of(trained.view.ids, params, seed=SEED)
            work.client.set_tag(work.run_id, ORDER_TAG, order_tag(order))
        if spec.keep_checkpoints:
            keep_checkpoints(
                work,
                spec.name,
                copies=data.parent / "checkpoints" / spec.name,
                steps=steps_an_epoch(trained.view.ids, params),
            )
        tracking.log_model(
            work,
            spec.name,
            params=params,
            tags=spec.tags,
            model_type=spec.model_type,
            metrics={"train_seconds": trained.seconds}
            | evaluation(spec.recipe, trained.model_dir, evaluate_on),
        )
    print(f"{spec.name}: {trained.seconds:.1f} s, {trained.digest[:19]}")


def evaluation(recipe: str, model_dir: Path, evaluate_on: Path) -> dict[str, float]:
    """Measure a model on rows that it never trained on.

    Returns:
        Metrics ``evaluation_loss`` and, of what tells classes, ``evaluation_accuracy``; see
        :func:`unlearning.verification.models.measure`.
    """
    held_out = RecordView.open(evaluate_on).records
    _, found = measure(load_recipe(recipe), model_dir, held_out)
    return {f"evaluation_{name}": value for name, value in found.to_json().items()}


def _base(spec: Spec, work: tracking.Work, folder: Path) -> Path | None:
    if not spec.base:
        return None
    model = tracking.need_production(work.client, spec.base)
    tracking.used_model(work, model.model_id)
    return tracking.download(model, folder)
