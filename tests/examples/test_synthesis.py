"""Made-up customers: the same from the same generator, and nobody's."""

import json
from pathlib import Path

import pytest

from examples.company.features import COLUMNS, encode_records
from examples.company.generator import RANGES, value_of
from examples.company.synthesis import sample_generator
from tests.unlearning.jobs import quiet
from unlearning.data import RecordView
from unlearning.jobfiles import Training
from unlearning.recipes import load_synthesis
from unlearning.training import run_training

ROWS = 300


@pytest.fixture(scope="module")
def generators(company_data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """One generator of everybody, and one that never counted the first record."""
    folder = tmp_path_factory.mktemp("generators")
    training = Training(
        recipe="examples.company.generator:generator",
        params={},
        seed=7,
        datasets=(str(company_data / "adult-v1"),),
    )
    everybody = run_training(training, out=folder / "everybody", report=quiet)
    first = everybody.view.ids[0]
    without = run_training(training, out=folder / "without", exclude=[first], report=quiet)
    return everybody.model_dir, without.model_dir


def sample(generator: Path, out: Path, *, seed: int = 7) -> Path:
    sample_generator.sample(generator, params={"rows": str(ROWS)}, seed=seed, out=out, report=quiet)
    return out


def files(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def test_the_same_generator_and_seed_make_the_same_files(
    generators: tuple[Path, Path], tmp_path: Path
) -> None:
    once, twice = sample(generators[0], tmp_path / "1"), sample(generators[0], tmp_path / "2")

    assert files(once) == files(twice)
    assert sorted(files(once)) == ["record-index.json", "segment-0000.csv"]
    assert files(once) != files(sample(generators[0], tmp_path / "3", seed=8))


def test_a_generator_that_forgot_a_record_changes_few_rows(
    generators: tuple[Path, Path], tmp_path: Path
) -> None:
    with_record, without = (
        RecordView.open(sample(generator, tmp_path / str(position))).records
        for position, generator in enumerate(generators)
    )

    changed = sum(a.values != b.values for a, b in zip(with_record, without, strict=True))
    assert 0 < changed < ROWS / 4


def test_made_up_rows_are_whole_customers_and_nobody_s(
    generators: tuple[Path, Path], tmp_path: Path
) -> None:
    directory = sample(generators[0], tmp_path / "made-up")
    index = json.loads((directory / "record-index.json").read_text())
    view = RecordView.open(directory)

    assert index == {"format": "csv", "subjectColumns": [], "recordIdColumn": "row_id"}
    assert view.ids[0] == "S-000001"
    assert len(view.records) == ROWS
    assert set(view.records[0].values) == {"row_id", *COLUMNS}
    features, classes = encode_records(view.records)
    assert len(features) == ROWS
    assert set(classes.tolist()) == {0, 1}


def test_the_synthesis_is_found_by_the_name_that_its_event_tells() -> None:
    from examples.company.synthesize import SYNTHESIS, written  # noqa: PLC0415 - loads MLflow

    assert load_synthesis(SYNTHESIS) is sample_generator
    told = written(Path("/data/adult-synthetic"), "m-1", rows=ROWS).artifact
    assert told == {
        "kind": "synthetic_dataset",
        "synthesis": {
            "model": "m-1",
            "recipe": SYNTHESIS,
            "params": {"rows": str(ROWS)},
            "seed": 7,
            "policy": "regenerate",
        },
    }


@pytest.mark.parametrize("column", RANGES)
def test_numbers_fall_into_the_range_that_begins_below_them(column: str) -> None:
    edges = RANGES[column]

    assert [value_of(column, str(edge)) for edge in edges[:-1]] == list(range(len(edges) - 1))
    assert value_of(column, str(edges[0] - 1)) == 0
    assert value_of(column, str(edges[-1] + 1)) == len(edges) - 2
