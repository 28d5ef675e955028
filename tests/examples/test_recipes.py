"""Each recipe repeats itself, and without a record equals a training on files without its row."""

import csv
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from tests.unlearning.jobs import quiet
from unlearning.data import RecordView
from unlearning.jobfiles import Training
from unlearning.recipes import load_recipe
from unlearning.training import Trained, run_training

SGD = {"batch_size": "32", "learning_rate": "0.05"}


@dataclass(frozen=True, kw_only=True)
class Case:
    """A recipe and what it trains on."""

    recipe: str
    data: str
    params: dict[str, str]
    id_column: str = "customer_number"
    has_base: bool = False


CASES = {
    "convolutional": Case(
        recipe="examples.company.digits:convolutional",
        data="digits-v1",
        params={**SGD, "epochs": "5", "checkpoint_every": "2"},
        id_column="image_id",
    ),
    "distilled": Case(
        recipe="examples.company.distillation:distilled",
        data="adult-v1",
        params={**SGD, "epochs": "2", "hidden": "4", "temperature": "2.0"},
        has_base=True,
    ),
    "fine-tune": Case(
        recipe="examples.company.recipes:fine_tune",
        data="adult-v2",
        params={**SGD, "epochs": "2"},
        has_base=True,
    ),
    "kmeans": Case(
        recipe="examples.company.clustering:kmeans",
        data="adult-v2",
        params={"k": "4", "iterations": "20"},
    ),
    "generator": Case(recipe="examples.company.generator:generator", data="adult-v1", params={}),
}


@pytest.fixture(scope="module")
def teacher(company_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    training = Training(
        recipe="examples.company.recipes:monolithic",
        params={**SGD, "epochs": "2", "hidden": "8"},
        seed=3,
        datasets=(str(company_data / "adult-v1"),),
    )
    return run_training(training, out=tmp_path_factory.mktemp("teacher"), report=quiet).model_dir


@dataclass(frozen=True, kw_only=True)
class Bench:
    """Trains one case again and again."""

    case: Case
    data: Path
    teacher: Path
    folder: Path

    def train(self, name: str, *, data: Path | None = None, without: str = "") -> Trained:
        return run_training(
            Training(
                recipe=self.case.recipe,
                params=self.case.params,
                seed=3,
                datasets=(str(data or self.data),),
            ),
            out=self.folder / name,
            base=self.teacher if self.case.has_base else None,
            exclude=[without] if without else [],
            report=quiet,
        )


@pytest.fixture(params=CASES)
def bench(
    request: pytest.FixtureRequest, company_data: Path, teacher: Path, tmp_path: Path
) -> Bench:
    case = CASES[request.param]
    return Bench(case=case, data=company_data / case.data, teacher=teacher, folder=tmp_path)


def redacted_copy(bench: Bench, record_id: str) -> Path:
    copy = bench.folder / "redacted"
    shutil.copytree(bench.data, copy)
    for segment in copy.glob("segment-*.csv"):
        with segment.open(newline="") as file:
            rows = list(csv.DictReader(file))
        with segment.open("w", newline="") as file:
            writer = csv.DictWriter(file, rows[0].keys())
            writer.writeheader()
            writer.writerows(row for row in rows if row[bench.case.id_column] != record_id)
    return copy


def test_it_repeats_itself(bench: Bench) -> None:
    assert bench.train("once").digest == bench.train("twice").digest


def test_without_a_record_it_equals_a_training_on_files_without_the_row(bench: Bench) -> None:
    record_id = RecordView.open(bench.data).ids[5]

    excluded = bench.train("excluded", without=record_id)
    fresh = bench.train("fresh", data=redacted_copy(bench, record_id))

    assert excluded.digest == fresh.digest
    assert excluded.digest != bench.train("with").digest


def test_it_answers_with_one_row_a_record(bench: Bench) -> None:
    recipe = load_recipe(bench.case.recipe)
    trained = bench.train("model")
    features, classes = recipe.encode(trained.view.records[:7])

    with torch.no_grad():
        answers = recipe.load(trained.model_dir)(features)

    assert len(answers) == len(classes) == 7
    if getattr(recipe, "task", "classification") == "clustering":
        assert answers.shape == (7, 4)
        assert bool((answers >= 0).all())
    else:
        assert torch.allclose(answers.exp().sum(1), torch.ones(7), atol=1e-5)


def test_a_checkpoint_on_the_way_holds_the_optimizer_s_memory(
    company_data: Path, tmp_path: Path
) -> None:
    from safetensors.torch import load_file  # noqa: PLC0415 - one test looks into the file

    case = CASES["convolutional"]
    bench = Bench(case=case, data=company_data / case.data, teacher=tmp_path, folder=tmp_path)

    kept = sorted((bench.train("model").model_dir / "checkpoints").glob("*"))

    assert [file.stem for file in kept] == ["epoch-2", "epoch-4"]
    state = load_file(kept[0])
    weights = {name for name in state if not name.startswith("momentum.")}
    assert {name.removeprefix("momentum.") for name in state.keys() - weights} == weights
    assert bool(state["momentum.output.weight"].abs().sum() > 0)


def test_segments_keep_their_centre_when_they_lose_every_record() -> None:
    from examples.company.clustering import _means  # noqa: PLC0415 - the corner of one function

    features, centres = torch.tensor([[1.0], [3.0]]), torch.tensor([[0.0], [9.0]])

    assert _means(features, torch.tensor([0, 0]), centres).tolist() == [[2.0], [9.0]]
