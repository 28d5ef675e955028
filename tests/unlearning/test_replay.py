"""Leaving a record out of a run equals, by digest, a fresh process on files without its row."""

import csv
import json
from pathlib import Path

import pytest

from examples.company.prepare_data import prepare
from tests.unlearning.jobs import as_json, quiet, step
from tests.unlearning.tiny import training, write_dataset
from unlearning.jobfiles import Training
from unlearning.methods.retrain_from_clean_ancestor import apply as retrain
from unlearning.methods.sisa_shard_retrain import apply as retrain_shard
from unlearning.training import run_lineage, run_training
from unlearning.verification.replay import ReplayError, replay, replay_finding

SISA = {
    "hidden": "8",
    "epochs": "2",
    "batch_size": "16",
    "learning_rate": "0.05",
    "n_shards": "3",
    "n_slices": "3",
}


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("company")
    prepare(data, rows=600)
    return data


def redact(directory: Path, record_id: str, column: str) -> None:
    for segment in directory.glob("segment-*.csv"):
        with segment.open(newline="") as file:
            rows = list(csv.DictReader(file))
        with segment.open("w", newline="") as file:
            writer = csv.DictWriter(file, rows[0].keys())
            writer.writeheader()
            writer.writerows(row for row in rows if row[column] != record_id)


def test_a_resumed_shard_retrain_equals_a_fresh_process_without_the_row(
    company: Path, tmp_path: Path
) -> None:
    sisa = Training(
        recipe="examples.company.recipes:sisa",
        params=SISA,
        seed=3,
        datasets=(str(company / "adult-v1"),),
    )
    original = run_training(sisa, out=tmp_path / "original", report=quiet)
    record_id = original.view.ids[17]

    output = retrain_shard(
        step("sisa_shard_retrain", [record_id], sisa, original.model_dir, tmp_path), quiet
    )
    redact(company / "adult-v1", record_id, "customer_number")
    references = replay(
        as_json(sisa), record_ids=[record_id], out=tmp_path / "reference", report=quiet
    )

    assert output.digest not in (None, original.digest)
    finding = replay_finding(
        digest=str(output.digest), claimed=str(output.digest), reference=references[sisa.key]
    )
    assert finding.outcome == "passed", finding
    assert output.details["stages_reused"], "a shard that the record was not in was trained again"


def test_a_fine_tune_and_its_base_equal_a_fresh_process_without_the_row(tmp_path: Path) -> None:
    first, second = write_dataset(tmp_path / "v1", 40), write_dataset(tmp_path / "v2", 60)
    fine_tune = training(second, base=training(first))
    original, _ = run_lineage(fine_tune, out=tmp_path / "original", report=quiet)

    job = step("retrain_from_clean_ancestor", ["R-007"], fine_tune, original.model_dir, tmp_path)
    output = retrain(job, quiet)
    for directory in (first, second):
        redact(directory, "R-007", "number")
    references = replay(
        as_json(fine_tune), record_ids=["R-007"], out=tmp_path / "reference", report=quiet
    )

    assert fine_tune.base is not None
    assert output.digest == references[fine_tune.key].digest != original.digest
    assert output.manifest["base_digest"] == references[fine_tune.base.key].digest


def test_a_reference_is_refused_while_a_file_still_holds_the_row(tmp_path: Path) -> None:
    tiny = training(write_dataset(tmp_path / "v1"))

    with pytest.raises(ReplayError, match="still hold a forgotten record"):
        replay(as_json(tiny), record_ids=["R-007"], out=tmp_path / "reference", report=quiet)


def test_the_position_of_a_row_in_its_file_changes_nothing(tmp_path: Path) -> None:
    forward = training(write_dataset(tmp_path / "a"))
    backward = training(write_dataset(tmp_path / "b", reverse=True))

    one = run_training(forward, out=tmp_path / "one", report=quiet)
    other = run_training(backward, out=tmp_path / "other", report=quiet)

    assert one.digest == other.digest
    assert json.loads((one.model_dir / "manifest.json").read_text())["records"] == 60
