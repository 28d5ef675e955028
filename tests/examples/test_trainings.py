"""What the company's scripts record of a training is what the training does."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import torch

from examples.company import (
    distill,
    fine_tune,
    segment_customers,
    train_digits,
    train_generator,
    train_monolithic,
    train_on_synthetic,
    train_sisa,
)
from examples.company.trainings import Spec, evaluation
from tests.unlearning.jobs import quiet
from unlearning.data import RecordView
from unlearning.jobfiles import Training
from unlearning.recipes import load_recipe
from unlearning.training import Trained, make_deterministic, run_training

SCRIPTS = {
    script.SPEC.name: script.SPEC
    for script in (
        distill,
        fine_tune,
        segment_customers,
        train_digits,
        train_generator,
        train_monolithic,
        train_on_synthetic,
        train_sisa,
    )
}
#: There is no generator to sample rows from; the customers have the same columns.
STANDS_IN = {"adult-synthetic": "adult-v1"}


class Reads(Mapping[str, str]):
    """Parameters that remember which of them were asked for."""

    def __init__(self, params: Mapping[str, object]) -> None:
        self._params = {name: str(value) for name, value in params.items()}
        self.read: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.read.add(name)
        return self._params[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._params)

    def __len__(self) -> int:
        return len(self._params)


def train(recipe: str, data: Path, out: Path, **params: str) -> Trained:
    training = Training(recipe=recipe, params=params, seed=3, datasets=(str(data),))
    return run_training(training, out=out, report=quiet)


@pytest.fixture(scope="module")
def base(company_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    sgd = {"epochs": "1", "hidden": "4", "batch_size": "64", "learning_rate": "0.02"}
    folder = tmp_path_factory.mktemp("base")
    recipe = "examples.company.recipes:monolithic"
    return train(recipe, company_data / "adult-v1", folder, **sgd).model_dir


@pytest.mark.parametrize("spec", SCRIPTS.values(), ids=SCRIPTS)
def test_every_recorded_parameter_is_one_that_the_training_reads(
    spec: Spec, company_data: Path, base: Path
) -> None:
    make_deterministic()
    params = Reads({**spec.params, **({"epochs": 2} if "epochs" in spec.params else {})})
    load_recipe(spec.recipe).train(
        RecordView.open(company_data / STANDS_IN.get(spec.data, spec.data)),
        params=params,
        seed=7,
        resume_from=None,
        base=base if spec.base else None,
        on_checkpoint=lambda _name, _state: None,
        report=quiet,
    )
    assert params.read == set(spec.params)


def test_a_classifier_is_measured_on_the_rows_it_is_said_to_be_evaluated_on(
    company_data: Path, base: Path
) -> None:
    name = "examples.company.recipes:monolithic"
    recipe = load_recipe(name)
    for folder in ("adult-holdout", "adult-v2"):
        features, classes = recipe.encode(RecordView.open(company_data / folder).records)
        with torch.no_grad():
            answers = recipe.load(base)(features)
        right = (answers.argmax(1) == classes).double().mean().item()
        found = evaluation(name, base, company_data / folder)
        assert found["evaluation_accuracy"] == pytest.approx(right, abs=1e-6)
        loss = torch.nn.functional.nll_loss(answers, classes).item()
        assert found["evaluation_loss"] == pytest.approx(loss, abs=1e-5)


def test_of_segments_the_distance_of_held_out_rows_to_their_centres_is_measured(
    company_data: Path, tmp_path: Path
) -> None:
    name = "examples.company.clustering:kmeans"
    model = train(name, company_data / "adult-v2", tmp_path, k="4", iterations="20").model_dir
    recipe = load_recipe(name)
    features, _ = recipe.encode(RecordView.open(company_data / "adult-holdout").records)
    with torch.no_grad():
        nearest = recipe.load(model)(features).min(1).values.mean().item()
    found = evaluation(name, model, company_data / "adult-holdout")
    assert found == {"evaluation_loss": pytest.approx(nearest, abs=1e-4)}
