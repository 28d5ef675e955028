"""The order that a script records is the one in which its training really meets the records."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_pre_hook
from torch.optim.optimizer import register_optimizer_step_post_hook

from examples.company import (
    distill,
    fine_tune,
    train_digits,
    train_monolithic,
    train_on_synthetic,
)
from examples.company.digits import DigitReader
from examples.company.networks import Classifier
from examples.company.orders import order_of, steps_an_epoch
from examples.company.trainings import Spec
from lineage.exposure import ORDER_TAG, exposed_from, first_steps, order_tag, read_order
from lineage.models import Activity
from lineage.selectors import first_exposure
from tests.people import record_dataset
from tests.unlearning.jobs import quiet
from unlearning.data import RecordView
from unlearning.jobfiles import Training
from unlearning.recipes import load_recipe
from unlearning.training import make_deterministic, run_training

SEED = 7
TELLING = [s.SPEC for s in (distill, fine_tune, train_digits, train_monolithic, train_on_synthetic)]
#: There is no generator to sample rows from; the customers have the same columns.
STANDS_IN = {"adult-synthetic": "adult-v1"}


@contextmanager
def watched() -> Iterator[dict[bytes, int]]:
    """Watch every batch that a network learns from; yields the first step of each row's content."""
    first: dict[bytes, int] = {}
    steps = 0

    def shown(module: nn.Module, inputs: tuple[Any, ...]) -> None:
        if isinstance(module, Classifier | DigitReader) and torch.is_grad_enabled():
            for row in inputs[0]:
                first.setdefault(content(row), steps + 1)

    def stepped(*_: object) -> None:
        nonlocal steps
        steps += 1

    hooks = [register_module_forward_pre_hook(shown), register_optimizer_step_post_hook(stepped)]
    try:
        yield first
    finally:
        for hook in hooks:
            hook.remove()


def content(row: Tensor) -> bytes:
    return row.numpy().tobytes()


@pytest.fixture(scope="module")
def base(company_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run_training(
        Training(
            recipe="examples.company.recipes:monolithic",
            params={"epochs": "1", "hidden": "4", "batch_size": "64", "learning_rate": "0.02"},
            seed=3,
            datasets=(str(company_data / "adult-v1"),),
        ),
        out=tmp_path_factory.mktemp("base"),
        report=quiet,
    ).model_dir


@pytest.mark.parametrize("spec", TELLING, ids=[spec.name for spec in TELLING])
def test_every_record_is_first_learned_from_in_the_step_that_the_order_tells(
    spec: Spec, company_data: Path, base: Path
) -> None:
    assert spec.tells_order
    make_deterministic()
    params = {name: str(value) for name, value in {**spec.params, "epochs": 2}.items()}
    view = RecordView.open(company_data / STANDS_IN.get(spec.data, spec.data))
    recipe = load_recipe(spec.recipe)

    with watched() as learned:
        recipe.train(
            view,
            params=params,
            seed=SEED,
            resume_from=None,
            base=base if spec.base else None,
            on_checkpoint=lambda _name, _state: None,
            report=quiet,
        )

    order = read_order(order_tag(order_of(view.ids, params, seed=SEED)))
    told = first_steps(order, ids=view.ids, wanted=view.ids)
    rows = [content(row) for row in recipe.encode(view.records)[0]]
    alike = Counter(rows)
    unique = {record: row for record, row in zip(view.ids, rows, strict=True) if alike[row] == 1}
    assert len(unique) > len(rows) / 10, "enough records can be told apart by their content"
    assert {record: told[record] for record in unique} == {
        record: learned[row] for record, row in unique.items()
    }
    assert max(step for step in told.values() if step) == steps_an_epoch(view.ids, params) > 1


@pytest.mark.django_db
def test_the_whole_way_from_a_record_in_the_graph_gives_the_step_in_which_it_was_learned(
    company_data: Path,
) -> None:
    make_deterministic()
    spec = train_monolithic.SPEC
    params = {name: str(value) for name, value in {**spec.params, "epochs": 1}.items()}
    directory = company_data / spec.data
    view = RecordView.open(directory)
    recipe = load_recipe(spec.recipe)
    dataset = record_dataset(directory, name=spec.data)
    started = datetime.now(UTC)
    with watched() as learned:
        recipe.train(
            view,
            params=params,
            seed=SEED,
            resume_from=None,
            base=None,
            on_checkpoint=lambda _name, _state: None,
            report=quiet,
        )
    run = Activity.objects.create(
        kind="mlflow_run",
        external_id="run",
        name=spec.name,
        started_at=started,
        tags={ORDER_TAG: order_tag(order_of(view.ids, params, seed=SEED))},
        used=[dataset.pk],
    )

    rows = [content(row) for row in recipe.encode(view.records)[0]]
    alike = Counter(rows)
    for record, row in list(zip(view.ids, rows, strict=True))[::100]:
        if alike[row] == 1:
            assert first_exposure([record], run.pk) == exposed_from(learned[row])
