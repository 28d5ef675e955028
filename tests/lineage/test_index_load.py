"""``vestige index load``: rows of every format come into the record index, once, or not at all."""

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from pyarrow import ipc, parquet

from governance.subjects import subject_digest
from lineage.graph import ArtifactKind
from lineage.models import Artifact, Posting
from lineage.records import FileSource, RecordFormat, RecordLayout
from lineage.selectors import find_gaps, trace
from lineage.services import LoadOrder, load_dataset, load_record_index

pytestmark = pytest.mark.django_db

ANN, BOB = "ann@example.org", "bob@example.org"
ROWS: list[dict[str, Any]] = [
    {"id": 1, "email": ANN, "phone": None, "note": "first", "age": 30.0},
    {"id": 2, "email": BOB, "phone": "+49 1", "note": "second", "age": None},
    {"id": 3, "email": " Ann@Example.org", "phone": None, "note": "third", "age": 31.5},
]
COLUMNS = ("--record-id=id", "--subject=email", "--subject=phone")


def load(source: object, *words: str, dataset: str = "people@1") -> dict[str, Any]:
    out = StringIO()
    call_command(
        "index_load",
        f"--dataset={dataset}",
        *COLUMNS,
        *words,
        "--json",
        "--",
        str(source),
        stdout=out,
    )
    document: dict[str, Any] = json.loads(out.getvalue())
    return document


def records_of(identifier: str) -> list[str]:
    return [record.record_id for record in trace(subject_digest(identifier)).records]


def write_csv(folder: Path, rows: Sequence[Mapping[str, Any]], name: str = "segment-0.csv") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    lines = [",".join(rows[0])]
    lines += [",".join("" if v is None else str(v) for v in row.values()) for row in rows]
    (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def write_jsonl(folder: Path, rows: Sequence[Mapping[str, Any]], name: str = "a.jsonl") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def write_parquet(folder: Path, rows: Sequence[Mapping[str, Any]], name: str = "a.parquet") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    parquet.write_table(pa.Table.from_pylist(list(rows)), folder / name)
    return folder


def write_huggingface(folder: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    """As ``datasets.DatasetDict.save_to_disk`` lays it out."""
    split = folder / "train"
    split.mkdir(parents=True)
    table = pa.Table.from_pylist(list(rows))
    with ipc.new_stream(split / "data-00000-of-00001.arrow", table.schema) as stream:
        stream.write_table(table)
    state = {"_data_files": [{"filename": "data-00000-of-00001.arrow"}], "_split": "train"}
    (split / "state.json").write_text(json.dumps(state), encoding="utf-8")
    (split / "dataset_info.json").write_text("{}", encoding="utf-8")
    (folder / "dataset_dict.json").write_text('{"splits": ["train"]}', encoding="utf-8")
    return folder


WRITERS = {
    "csv": write_csv,
    "jsonl": write_jsonl,
    "parquet": write_parquet,
    "huggingface": write_huggingface,
}


@pytest.mark.parametrize("form", WRITERS)
def test_rows_of_every_format_are_found_by_every_identifier_and_loaded_once(
    tmp_path: Path, form: str
) -> None:
    source = WRITERS[form](tmp_path / "people", ROWS)
    first = load(source)
    assert (first["rows"], first["segments_read"], first["bad_rows"]) == (3, 1, 0)
    assert records_of(ANN) == ["1", "3"]
    assert records_of("+49 1") == records_of(BOB) == ["2"]
    assert trace(subject_digest(ANN)).complete
    before = list(Artifact.objects.order_by("pk").values())
    again = load(source)
    assert (again["rows"], again["segments_read"]) == (0, 0)
    assert list(Artifact.objects.order_by("pk").values()) == before
    dataset = Artifact.objects.get(pk=first["artifact_id"])
    assert dataset.attributes["record_index"]["format"] == form


def test_a_single_file_is_a_dataset_of_one_segment(tmp_path: Path) -> None:
    load(write_parquet(tmp_path, ROWS) / "a.parquet")
    assert records_of(ANN) == ["1", "3"]


def test_files_that_changed_are_read_and_the_others_are_not(tmp_path: Path) -> None:
    write_jsonl(tmp_path, ROWS[:1], "a.jsonl")
    write_jsonl(tmp_path, ROWS[1:2], "b.jsonl")
    load(tmp_path)
    write_jsonl(tmp_path, ROWS[2:], "c.jsonl")
    assert load(tmp_path)["segments_read"] == 1
    assert records_of(ANN) == ["1", "3"]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('{"id": 7, "email": "eve@example.org"', "a.jsonl, row 2: it is no JSON at character"),
        ('{"id": 7, "email": "eve\\ud800@example.org"}', "row 2, column phone: it is missing"),
        (
            '{"id": 7, "email": "eve\\ud800", "phone": ""}',
            "row 2, column email or phone: it contains half",
        ),
        ('{"id": "\\ud800", "email": "eve", "phone": ""}', "row 2, column id: it contains half"),
        (f'{{"id": {"7" * 5000}, "email": "eve"}}', "row 2: a number in it is too long"),
        ('["eve@example.org"]', "a.jsonl, row 2: it is no JSON object"),
        ('{"id": 7, "email": "x", "email": "eve@example.org"}', "row 2: a name stands twice"),
        ('{"id": 7, "phone": ""}', "row 2, column email: it is missing"),
        (
            '{"id": null, "email": "eve@example.org", "phone": ""}',
            "row 2, column id: the record id",
        ),
        ('{"id": 1, "email": "eve@example.org", "phone": ""}', "row 2, column id: this record id"),
        ('{"id": 7, "email": " ", "phone": null}', "row 2, column email or phone: no data subject"),
    ],
)
def test_a_bad_row_stops_the_loading_before_anything_is_written(
    tmp_path: Path, line: str, problem: str
) -> None:
    write_jsonl(tmp_path, ROWS[:1])
    with (tmp_path / "a.jsonl").open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    write_jsonl(tmp_path, ROWS[1:], "0.jsonl")  # a good segment before the bad one
    with pytest.raises(CommandError, match="nothing was loaded") as refused:
        load(tmp_path)
    assert problem in str(refused.value)
    assert "eve" not in str(refused.value)
    assert not Artifact.objects.exists()
    assert not Posting.objects.exists()


def test_asked_to_skip_it_takes_the_good_rows_lists_the_bad_and_stays_a_gap(tmp_path: Path) -> None:
    write_jsonl(tmp_path, [*ROWS[:2], {"id": 9, "email": "", "phone": ""}])
    document = load(tmp_path, "--on-bad-row=skip")
    assert (document["rows"], document["bad_rows"]) == (2, 1)
    assert document["listed"][0]["row"] == 3
    assert document["listed"][0]["column"] == "email or phone"
    impact = trace(subject_digest(ANN))
    assert [record.record_id for record in impact.records] == ["1"]
    assert not impact.complete
    [gap] = find_gaps()
    assert "1 of its rows were left out" in gap.hides
    assert load(tmp_path, "--on-bad-row=skip")["bad_rows"] == 1
    with pytest.raises(CommandError, match="nothing was loaded"):
        load(tmp_path)
    write_jsonl(tmp_path, ROWS[:2])
    assert load(tmp_path)["bad_rows"] == 0
    assert trace(subject_digest(ANN)).complete


def test_a_loading_that_was_cut_off_goes_on_where_it_was(tmp_path: Path) -> None:
    for number, row in enumerate(ROWS):
        write_jsonl(tmp_path, [row], f"{number}.jsonl")
    layout = RecordLayout(
        record_id_column="id", subject_columns=("email", "phone"), format=RecordFormat.JSONL
    )
    order = LoadOrder(name="people", version="1", layout=layout, skip_bad_rows=True)

    def cut(done: int, _length: int | None, _rows: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load_dataset(order, FileSource(path=tmp_path, format=RecordFormat.JSONL), cut)
    assert records_of(ANN) == ["1"]
    assert not trace(subject_digest(ANN)).complete
    assert load(tmp_path)["segments_read"] == 1
    assert records_of(ANN) == ["1", "3"]
    assert trace(subject_digest(ANN)).complete


def test_a_dry_run_reads_everything_and_writes_nothing(tmp_path: Path) -> None:
    write_parquet(tmp_path, ROWS)
    document = load(tmp_path, "--dry-run")
    assert (document["rows"], document["artifact_id"]) == (3, None)
    assert not Artifact.objects.exists()


def test_the_rows_of_a_query_are_cut_so_that_one_row_more_changes_one_segment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lineage.capture.query_source.CUT_EVERY", 20)
    path = tmp_path / "crm.db"
    with sqlite3.connect(path) as crm:
        crm.execute("CREATE TABLE people (id TEXT, email TEXT, phone TEXT, note TEXT)")
        crm.executemany(
            "INSERT INTO people VALUES (?, ?, '', 'x')",
            [(f"{n:04d}", f"p{n}@example.org") for n in range(0, 400, 2)],
        )
    source, query = f"sqlite://{path}", "--query=SELECT * FROM people;"
    first = load(source, query)
    assert first["rows"] == 200
    assert first["segments"] > 3
    assert "a database" in first["by_hand"]
    with sqlite3.connect(path) as crm:
        crm.execute("INSERT INTO people VALUES ('0201', 'new@example.org', '', 'x')")
    assert load(source, query)["segments_read"] <= 2
    assert records_of("new@example.org") == ["0201"]


def test_a_postgresql_query_is_read_in_one_snapshot_and_writes_nothing() -> None:
    settings = connection.get_connection_params()
    host, name, user = settings["host"], settings["dbname"], settings["user"]
    url = f"postgresql:///{name}?host={host}&user={user}"
    query = "SELECT 'r' || n AS id, 'p' || n || '@example.org' AS email, NULL AS phone"
    document = load(url, f"--query={query} FROM generate_series(1, 50) AS n")
    assert document["rows"] == 50
    assert records_of("p7@example.org") == ["r7"]
    artifact = Artifact.objects.get(pk=document["artifact_id"])
    assert artifact.location.startswith(f"postgresql:///{name}#")
    with pytest.raises(CommandError, match="failed"):
        load(url, "--query=SELECT 1/0 AS id, '' AS email, '' AS phone", dataset="broken")


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda at: at / "nowhere", "does not exist"),
        (lambda at: write_csv(at, [{"id": 1, "mail": ANN}]), "row 1: the column email is missing"),
        (lambda at: write_parquet(at, [{"id": 1, "mail": ANN}]), "the column email is missing"),
        (lambda at: write_jsonl(write_csv(at, ROWS), ROWS), "several formats"),
        (lambda at: write_parquet(write_parquet(at, ROWS) / "2026", ROWS).parent, "folders below"),
    ],
)
def test_a_source_that_cannot_be_read_is_named_with_the_reason(
    tmp_path: Path, make: Callable[[Path], Path], problem: str
) -> None:
    with pytest.raises(CommandError, match=problem):
        load(make(tmp_path / "people"))


def test_a_file_that_breaks_off_is_named_without_its_content(tmp_path: Path) -> None:
    write_parquet(tmp_path, ROWS)
    file = tmp_path / "a.parquet"
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(CommandError, match=r"a\.parquet cannot be read as a whole Parquet file"):
        load(tmp_path)


def test_a_name_that_stands_for_other_rows_is_refused(tmp_path: Path) -> None:
    load(write_jsonl(tmp_path / "here", ROWS))
    with pytest.raises(CommandError, match="another name or version"):
        load(write_jsonl(tmp_path / "there", ROWS))


def test_a_description_beside_the_files_lets_a_job_take_rows_out(tmp_path: Path) -> None:
    write_parquet(tmp_path, ROWS)
    assert "no usable record-index.json" in load(tmp_path)["by_hand"]
    described = {"format": "parquet", "subjectColumns": ["phone", "email"], "recordIdColumn": "id"}
    (tmp_path / "record-index.json").write_text(json.dumps(described))
    document = load(tmp_path)
    assert (document["by_hand"], document["segments_read"]) == ("", 0)
    assert Artifact.objects.get(pk=document["artifact_id"]).attributes["by_hand"] == ""
    described["recordIdColumn"] = "number"
    (tmp_path / "record-index.json").write_text(json.dumps(described))
    assert "names other columns" in load(tmp_path)["by_hand"]


def test_an_announced_dataset_of_another_format_is_read_by_the_same_readers(tmp_path: Path) -> None:
    write_parquet(tmp_path, ROWS)
    dataset = Artifact.objects.create(
        kind=ArtifactKind.DATASET_VERSION,
        identity="dataset:test/people@1",
        name="people@1",
        location=tmp_path.as_uri(),
        attributes={
            "record_index": {
                "format": "parquet",
                "subject_columns": ["email"],
                "record_id_column": "id",
            }
        },
    )
    assert load_record_index(dataset_version_id=dataset.pk).rows == 3
    assert records_of(ANN) == ["1", "3"]
