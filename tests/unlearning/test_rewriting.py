"""Rows are taken out of every format that a job can rewrite, and the others keep what they say."""

import json
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from django.core.management import call_command
from pyarrow import parquet

from governance.subjects import subject_digest
from lineage.models import Artifact
from lineage.selectors import trace
from tests.factories import JobFactory, PlanFactory, PlanStepFactory
from tests.unlearning.jobs import quiet, rows_absent, step
from unlearning.data import DatasetError, RecordView, read_rows
from unlearning.jobs.lease import acquire
from unlearning.jobs.swapping import swap_segments
from unlearning.methods.source_row_deletion import apply as delete_rows
from unlearning.models import PlanStep
from unlearning.rewriting import rewrite

Rows = Sequence[dict[str, Any]]
ROWS: Rows = [
    {"id": 1, "email": "ann@example.org", "tags": ["a", "b"], "age": 30},
    {"id": 2, "email": "bob@example.org", "tags": [], "age": None},
    {"id": 3, "email": "eve@example.org", "tags": ["c"], "age": 44},
]


def write_jsonl(folder: Path, rows: Rows) -> None:
    text = "".join(json.dumps(row, indent=None) + "\n" for row in rows)
    (folder / "part.jsonl").write_text(text, encoding="utf-8")


def write_parquet(folder: Path, rows: Rows) -> None:
    table = pa.Table.from_pylist(list(rows)).replace_schema_metadata({"made by": "a test"})
    parquet.write_table(table, folder / "part.parquet", row_group_size=1, compression="zstd")


WRITERS = {"jsonl": write_jsonl, "parquet": write_parquet}


def write_dataset(folder: Path, form: str, rows: Rows = ROWS) -> Path:
    folder.mkdir()
    WRITERS[form](folder, rows)
    described = {"format": form, "subjectColumns": ["email"], "recordIdColumn": "id"}
    (folder / "record-index.json").write_text(json.dumps(described))
    return folder


@pytest.mark.django_db
@pytest.mark.parametrize("form", WRITERS)
def test_a_loaded_dataset_is_rewritten_swapped_in_and_holds_the_record_no_more(
    tmp_path: Path, form: str
) -> None:
    place = write_dataset(tmp_path / "people", form)
    out = StringIO()
    words = ("--dataset=people@1", "--record-id=id", "--subject=email", "--json")
    call_command("index_load", *words, "--", str(place), stdout=out)
    dataset = Artifact.objects.get(pk=json.loads(out.getvalue())["artifact_id"])
    assert not dataset.attributes.get("by_hand")
    assert rows_absent(place, "1").outcome == "failed"

    output = delete_rows(step("source_row_deletion", ["1"], None, place, tmp_path), quiet)
    planned: PlanStep = PlanStepFactory.create(
        artifact=dataset,
        method="source_row_deletion",
        places=[dataset.location],
        plan=PlanFactory.create(record_ids=["1"]),
    )
    lease = acquire(JobFactory.create().pk)
    assert lease is not None
    result = {"model_dir": str(output.model_dir), "details": output.details}
    outcome = swap_segments(planned, result, lease)

    assert rows_absent(place, "1").outcome == "passed"
    assert RecordView.open(place).ids == ("2", "3")
    assert trace(subject_digest("ann@example.org")).records == ()
    [record] = trace(subject_digest("bob@example.org")).records
    assert record.dataset_version == outcome["artifact"]


def test_other_lines_keep_their_bytes(tmp_path: Path) -> None:
    old = tmp_path / "a.jsonl"
    kept = b'{"email":"b@x.org",  "id": " 2 "}\r\n\n'
    old.write_bytes(b'{"id":1, "email": "a@x.org"}\n' + kept)

    assert rewrite(old, tmp_path / "b.jsonl", "id", {"1"}) == 1

    assert (tmp_path / "b.jsonl").read_bytes() == kept


def test_a_parquet_file_keeps_its_columns_types_metadata_and_compression(tmp_path: Path) -> None:
    write_parquet(tmp_path, ROWS)
    old, new = tmp_path / "part.parquet", tmp_path / "new.parquet"

    assert rewrite(old, new, "id", {"2", "9"}) == 1

    before, after = parquet.read_table(old), parquet.read_table(new)
    assert after.schema.equals(before.schema, check_metadata=True)
    assert after.to_pylist() == [ROWS[0], ROWS[2]]
    assert parquet.ParquetFile(new).metadata.row_group(0).column(0).compression == "ZSTD"


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("a.jsonl", '{"id": 1}\n{"number": 2}\n', "row 2 is no row with a id"),
        ("a.jsonl", '{"id": 1}\n{"id": 2\n', "row 2 is no row"),
        ("a.csv", "number\n1\n", "no column id"),
        ("a.arrow", "", "no format that can be rewritten"),
    ],
)
def test_a_file_that_cannot_be_understood_is_not_rewritten(
    tmp_path: Path, name: str, text: str, problem: str
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(DatasetError, match=problem):
        rewrite(tmp_path / name, tmp_path / "new", "id", {"1"})


def test_a_file_that_breaks_off_is_no_dataset(tmp_path: Path) -> None:
    write_parquet(tmp_path, ROWS)
    file = tmp_path / "part.parquet"
    file.write_bytes(file.read_bytes()[:-9])
    with pytest.raises(DatasetError, match="whole Parquet file"):
        list(read_rows(file))


def test_a_directory_of_several_formats_is_no_dataset(tmp_path: Path) -> None:
    place = write_dataset(tmp_path / "people", "jsonl")
    write_parquet(place, ROWS)
    with pytest.raises(DatasetError, match="several formats"):
        RecordView.open(place)
