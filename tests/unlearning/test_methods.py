"""Every method of the table does what its name says, and refuses what it cannot do."""

import importlib
from pathlib import Path

import numpy as np
import pytest
import torch

from lineage.graph import ArtifactKind
from tests.unlearning.jobs import quiet, rows_absent, step
from tests.unlearning.tiny import recipe, training, write_dataset
from unlearning.data import Record, RecordView
from unlearning.jobfiles import JobInputError
from unlearning.methods import METHODS, Method
from unlearning.methods.negative_gradient_repair import apply as repair
from unlearning.methods.output_suppression import apply as suppress
from unlearning.methods.output_suppression import suppression_digest
from unlearning.methods.source_row_deletion import apply as delete_rows
from unlearning.methods.vector_removal import apply as remove_vectors
from unlearning.training import run_training
from unlearning.vectors import VectorIndex
from unlearning.verification.vectors import check_vectors_absent


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS.keys())
def test_every_method_has_an_entry_and_names_what_it_leaves_open(method: Method) -> None:
    module, _, function = method.entry.partition(":")

    assert callable(getattr(importlib.import_module(module), function))
    assert method.citation
    assert method.needs
    assert method.does_not_guarantee.endswith(".")
    assert method.treats <= set(ArtifactKind)


def test_every_kind_of_artifact_has_a_method_but_a_source_which_a_person_sees_to() -> None:
    treated = {kind for method in METHODS.values() for kind in method.treats}
    assert set(ArtifactKind) - treated == {ArtifactKind.SOURCE}


def test_negative_gradient_repair_makes_the_record_less_known(tmp_path: Path) -> None:
    tiny = training(write_dataset(tmp_path / "data"))
    before = run_training(tiny, out=tmp_path / "before", report=quiet)
    # The best known record: its loss lies below the cap, so the ascent reaches it.
    known = min(before.view.records, key=lambda record: _loss(before.model_dir, record))

    output = repair(
        step("negative_gradient_repair", [known.id], tiny, before.model_dir, tmp_path), quiet
    )

    assert output.model_dir is not None
    assert output.digest != before.digest
    assert _loss(output.model_dir, known) > _loss(before.model_dir, known)


def _loss(model_dir: Path, record: Record) -> float:
    features, classes = recipe.encode([record])
    with torch.no_grad():
        return float(-recipe.load(model_dir)(features)[0, classes[0]])


def test_source_row_deletion_rewrites_only_what_holds_the_record(tmp_path: Path) -> None:
    data = write_dataset(tmp_path / "data")
    quoted = 'R-900,"two\nlines@example.org",1,2,"0"\n'
    with (data / "segment-0000.csv").open("a", newline="") as file:
        file.write(quoted)

    output = delete_rows(step("source_row_deletion", ["R-003"], None, data, tmp_path), quiet)

    assert output.model_dir is not None
    assert [path.name for path in output.model_dir.iterdir()] == ["segment-0000.csv"]
    old = (data / "segment-0000.csv").read_bytes()
    new = (output.model_dir / "segment-0000.csv").read_bytes()
    row = next(line for line in old.splitlines(keepends=True) if line.startswith(b"R-003"))
    assert new == old.replace(row, b"")
    assert rows_absent(data, "R-003").outcome == "failed"
    (data / "segment-0000.csv").write_bytes(new)
    assert rows_absent(data, "R-003").outcome == "passed"


def test_a_padded_id_is_the_same_record_for_deletion_and_check(tmp_path: Path) -> None:
    data = write_dataset(tmp_path / "data", 4)
    first = data / "segment-0000.csv"
    first.write_text(first.read_text().replace("R-001,", " R-001 ,"))
    assert rows_absent(data, "R-001").outcome == "failed"

    output = delete_rows(step("source_row_deletion", ["R-001"], None, data, tmp_path), quiet)

    assert output.model_dir is not None
    assert "R-001" not in (output.model_dir / first.name).read_text()
    assert "R-001" not in RecordView.open(data, exclude={"R-001"}).ids
    (output.model_dir / first.name).replace(first)
    assert rows_absent(data, "R-001").outcome == "passed"


def test_a_number_in_another_column_is_no_record_id(tmp_path: Path) -> None:
    data = write_dataset(tmp_path / "data", 4)
    age = RecordView.open(data).records[0].values["a"]

    assert rows_absent(data, age).outcome == "passed"


def test_a_padded_id_finds_its_vector(tmp_path: Path) -> None:
    vectors = np.eye(2, dtype=np.float32)
    VectorIndex.build([" R-1 ", "R-2"], vectors).save(tmp_path / "index")

    output = remove_vectors(
        step("vector_removal", ["R-1"], None, tmp_path / "index", tmp_path), quiet
    )

    assert output.model_dir is not None
    assert VectorIndex.load(output.model_dir).ids == ("R-2",)


def test_a_removed_vector_is_never_found_again(tmp_path: Path) -> None:
    generator = np.random.default_rng(1)
    vectors = generator.normal(size=(200, 8)).astype(np.float32)
    index = VectorIndex.build([f"R-{number}" for number in range(200)], vectors)
    index.save(tmp_path / "index")

    output = remove_vectors(
        step("vector_removal", ["R-7", "R-9"], None, tmp_path / "index", tmp_path), quiet
    )

    assert output.model_dir is not None
    after = VectorIndex.load(output.model_dir)
    assert len(after.ids) == 198
    nearest = after.search(index.vector("R-7"), k=200)
    assert {"R-7", "R-9"}.isdisjoint(name for name, _ in nearest)
    for place, outcome in ((output.model_dir, "passed"), (tmp_path / "index", "failed")):
        finding = check_vectors_absent(
            before_dir=tmp_path / "index", after_dir=place, record_ids={"R-7", "R-9"}
        )
        assert finding.outcome == outcome


def test_a_suppression_rule_holds_digests_and_no_record_id(tmp_path: Path) -> None:
    output = suppress(step("output_suppression", ["R-7"], None, None, tmp_path), quiet)

    rule = output.details["rule"]
    assert isinstance(rule, dict)
    assert rule["digests"] == [suppression_digest("R-7", salt=rule["salt"])]
    assert "R-7" not in str(output.to_json())


def test_identical_rows_of_other_people_are_counted(tmp_path: Path) -> None:
    data = write_dataset(tmp_path / "data", 4)
    lines = (data / "segment-0000.csv").read_text().splitlines()
    twin = lines[1].replace("R-000", "R-800")
    (data / "segment-0000.csv").write_text("\n".join([*lines, twin]) + "\n")

    output = delete_rows(step("source_row_deletion", ["R-000"], None, data, tmp_path), quiet)

    assert output.evidence[0].payload["rows_with_same_content"] == 1


@pytest.mark.parametrize(
    ("record_ids", "message"),
    [
        (["unknown"], "none of the records"),
        ([f"R-{number:03d}" for number in range(60)], "whole dataset"),
    ],
)
def test_a_forget_set_that_is_absent_or_everything_is_refused(
    tmp_path: Path, record_ids: list[str], message: str
) -> None:
    data = write_dataset(tmp_path / "data")
    assert len(RecordView.open(data).records) == 60

    with pytest.raises(JobInputError, match=message):
        delete_rows(step("source_row_deletion", record_ids, None, data, tmp_path), quiet)
