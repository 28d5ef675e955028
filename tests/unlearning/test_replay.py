"""Leaving a record out of a run equals, by digest, a fresh process on files without its row."""

import csv
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from examples.company.prepare_data import prepare
from tests.unlearning.jobs import as_json, quiet, step
from tests.unlearning.tiny import merge, quantisation, training, write_dataset
from unlearning.digests import merged_digest
from unlearning.jobfiles import JobInputError, Training
from unlearning.methods.retrain_from_clean_ancestor import apply as retrain
from unlearning.methods.sisa_shard_retrain import apply as retrain_shard
from unlearning.training import run_lineage, run_training
from unlearning.verification.replay import replay, replay_finding

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
        [as_json(sisa)], record_ids=[record_id], out=tmp_path / "reference", report=quiet
    )

    assert output.digest not in (None, original.digest)
    finding = replay_finding(
        digest=str(output.digest),
        claimed=str(output.digest),
        reference=references.models[sisa.key],
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
        [as_json(fine_tune)], record_ids=["R-007"], out=tmp_path / "reference", report=quiet
    ).models

    assert fine_tune.base is not None
    assert output.digest == references[fine_tune.key].digest != original.digest
    assert output.manifest["base_digest"] == references[fine_tune.base.key].digest


def test_a_quantised_model_is_made_again_over_its_base_and_reads_no_row(tmp_path: Path) -> None:
    first, second = write_dataset(tmp_path / "v1", 40), write_dataset(tmp_path / "v2", 60)
    for base in (training(first), training(second, base=training(first))):
        folder = tmp_path / f"lineage-{len(base.lineage)}"
        folder.mkdir()
        quantised = quantisation(base)
        original, _ = run_lineage(quantised, out=folder / "original", report=quiet)
        names = ["R-007"] if base.base is None else ["R-031"]

        job = step("retrain_from_clean_ancestor", names, quantised, original.model_dir, folder)
        output = retrain(job, quiet)
        for directory in (first, second):
            redact(directory, names[0], "number")
        references = replay(
            [as_json(quantised)], record_ids=names, out=folder / "reference", report=quiet
        )

        assert references.failures == ()
        assert output.digest == references.models[quantised.key].digest
        assert output.manifest["base_digest"] == references.models[base.key].digest
        assert output.manifest["records"] == 0


def test_a_merge_is_made_again_of_its_models_each_in_its_place(tmp_path: Path) -> None:
    first, second = write_dataset(tmp_path / "v1", 40), write_dataset(tmp_path / "v2", 60)
    small, tall = training(first), training(second, base=training(first))
    merged, swapped = merge(most=tall, least=small), merge(most=small, least=tall)
    original, _ = run_lineage(merged, out=tmp_path / "original", report=quiet)

    job = step("retrain_from_clean_ancestor", ["R-007"], merged, original.model_dir, tmp_path)
    output = retrain(job, quiet)
    for directory in (first, second):
        redact(directory, "R-007", "number")
    references = replay(
        [as_json(merged), as_json(swapped)],
        record_ids=["R-007"],
        out=tmp_path / "reference",
        report=quiet,
    )

    assert references.failures == ()
    assert output.digest == references.models[merged.key].digest != original.digest
    assert output.digest != references.models[swapped.key].digest
    assert output.manifest["base_digest"] == merged_digest(
        {name: references.models[source.key].digest for name, source in merged.merged.items()}
    )
    assert {folder.name for folder in (job.out / "base").iterdir()} == {"small", "tall"}


def test_a_training_whose_rows_are_not_recorded_is_not_taken_for_one_without_rows(
    tmp_path: Path,
) -> None:
    base = training(write_dataset(tmp_path / "v1", 40))
    unrecorded = replace(training(base=base), datasets=())

    with pytest.raises(JobInputError, match="needs the recorded training"):
        retrain(step("retrain_from_clean_ancestor", ["R-007"], unrecorded, None, tmp_path), quiet)


def test_a_reference_is_refused_while_a_file_still_holds_the_row(tmp_path: Path) -> None:
    tiny = training(write_dataset(tmp_path / "v1"))

    references = replay(
        [as_json(tiny)], record_ids=["R-007"], out=tmp_path / "reference", report=quiet
    )

    assert references.models == {}
    assert references.failure == "the files still hold a forgotten record"


def test_a_recipe_that_prints_is_replayed_like_a_silent_one(tmp_path: Path) -> None:
    silent = training(write_dataset(tmp_path / "v1", without=["R-007"]))
    chatty = replace(silent, recipe="tests.unlearning.tiny:chatty")
    told: list[str] = []

    references = replay(
        [as_json(silent), as_json(chatty)],
        record_ids=["R-007"],
        out=tmp_path / "reference",
        report=lambda _fraction, message: told.append(message),
    )

    assert references.failures == ()
    assert references.models[chatty.key].digest == references.models[silent.key].digest
    assert set(told) == {"reference: epoch 0", "reference: epoch 1", "reference: epoch 2"}


def test_a_base_that_several_models_start_from_is_trained_once(tmp_path: Path) -> None:
    first, second = write_dataset(tmp_path / "v1", 40), write_dataset(tmp_path / "v2", 60)
    base = training(first)
    trainings = [training(second, base=base), training(first, base=base), base]

    references = replay(
        [as_json(one) for one in trainings], record_ids=["X"], out=tmp_path / "out", report=quiet
    )

    assert references.models.keys() == {one.key for one in trainings}
    assert len(list((tmp_path / "out").glob("model-*"))) == 3


def test_one_training_that_cannot_be_repeated_does_not_stop_the_others(tmp_path: Path) -> None:
    good, lost = training(write_dataset(tmp_path / "v1")), training(tmp_path / "gone")

    references = replay(
        [as_json(lost), as_json(good)], record_ids=["X"], out=tmp_path / "out", report=quiet
    )

    assert references.models.keys() == {good.key}
    assert "does not describe a dataset" in references.failure


def test_the_position_of_a_row_in_its_file_changes_nothing(tmp_path: Path) -> None:
    forward = training(write_dataset(tmp_path / "a"))
    backward = training(write_dataset(tmp_path / "b", reverse=True))

    one = run_training(forward, out=tmp_path / "one", report=quiet)
    other = run_training(backward, out=tmp_path / "other", report=quiet)

    assert one.digest == other.digest
    assert json.loads((one.model_dir / "manifest.json").read_text())["records"] == 60


def test_records_of_other_datasets_make_no_shard_stale(company: Path, tmp_path: Path) -> None:
    sisa = Training(
        recipe="examples.company.recipes:sisa",
        params=SISA,
        seed=3,
        datasets=(str(company / "adult-v1"),),
    )
    original = run_training(sisa, out=tmp_path / "original", report=quiet)
    record_id = original.view.ids[-1]
    images = [f"image-{number}" for number in range(50)]

    def retrained(folder: str, record_ids: list[str]) -> Mapping[str, object]:
        (tmp_path / folder).mkdir()
        job = step("sisa_shard_retrain", record_ids, sisa, original.model_dir, tmp_path / folder)
        return retrain_shard(job, quiet).details

    alone = retrained("alone", [record_id])
    assert retrained("with-images", [record_id, *images]) == alone
    # A row that is gone from the files by now still lay in the shard that the model was made of.
    redact(company / "adult-v1", record_id, "customer_number")
    other = original.view.ids[0]
    assert (
        retrained("later", [record_id, other])["stages_trained"]
        == (retrained("again", [other, record_id, *images])["stages_trained"])
    )
    assert set(_stages(alone)) <= set(_stages(retrained("once-more", [record_id, other])))


def _stages(details: Mapping[str, object]) -> list[str]:
    stages = details["stages_trained"]
    assert isinstance(stages, list)
    return stages
