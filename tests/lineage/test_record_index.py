"""The record index, and what a redaction does to it and to later traces."""

import csv
from datetime import UTC, datetime
from pathlib import Path

import pytest

from governance.subjects import subject_digest
from lineage.errors import ArtifactNotFound, UnreadableRecords
from lineage.graph import ROW_HOLDERS, ArtifactKind, Relation
from lineage.models import Artifact, Derivation, Posting
from lineage.records import list_segments, version_digest
from lineage.selectors import locations_of, trace
from lineage.services import load_record_index, record_redaction

pytestmark = pytest.mark.django_db
PEOPLE = [("C-1", "ann@example.org"), ("C-2", "bob@example.org"), ("C-3", "eve@example.org")]


def write_segment(path: Path, rows: list[tuple[str, str]]) -> None:
    path.parent.mkdir(exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["customer_number", "email", "income"])
        writer.writerows([*row, "50"] for row in rows)


def dataset(
    directory: Path, name: str = "adult@1", kind: ArtifactKind = ArtifactKind.DATASET_VERSION
) -> Artifact:
    return Artifact.objects.create(
        kind=kind,
        identity=f"dataset:test/{name}",
        name=name,
        location=directory.as_uri(),
        occurred_at=datetime(2026, 11, 1, tzinfo=UTC),
        attributes={
            "record_index": {
                "format": "csv",
                "subject_columns": ["email"],
                "record_id_column": "customer_number",
            }
        },
    )


def model(name: str, **upstream: Artifact) -> Artifact:
    made = Artifact.objects.create(
        kind=ArtifactKind.MODEL, identity=f"mlflow-model:{name}", name=name
    )
    for relation, artifact in upstream.items():
        Derivation.objects.create(upstream=artifact, downstream=made, relation=relation)
    return made


def found(email: str) -> dict[str, str]:
    """Names of the affected artifacts, each with its certainty."""
    return {a.node.name: a.certainty for a in trace(subject_digest(email)).affected}


def test_every_row_is_read_once_however_often_it_is_loaded(tmp_path: Path) -> None:
    write_segment(tmp_path / "segment-0.csv", PEOPLE[:2])
    write_segment(tmp_path / "segment-1.csv", [*PEOPLE[2:], ("C-9", "ANN@example.org ")])
    version = dataset(tmp_path)
    for _ in range(2):
        summary = load_record_index(dataset_version_id=version.pk)
    assert (summary.rows, summary.subjects, summary.segments) == (4, 3, 2)
    impact = trace(subject_digest("Ann@Example.org"))
    assert [record.record_id for record in impact.records] == ["C-1", "C-9"]
    assert impact.complete
    assert [a.rank for a in impact.affected] == [0, 0, 1]


def test_equal_segments_of_two_versions_are_one_segment(tmp_path: Path) -> None:
    for name in ("v1", "v2"):
        write_segment(tmp_path / name / "segment-0.csv", PEOPLE)
        load_record_index(dataset_version_id=dataset(tmp_path / name, name).pk)
    assert Artifact.objects.filter(kind=ArtifactKind.SEGMENT).count() == 1
    assert len(trace(subject_digest("bob@example.org")).records) == 2


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("customer_number,email\nC-1,a@x.org\nC-2\n", "segment-1.csv, row 3: 1 fields"),
        ("customer_number,mail\nC-1,a@x.org\n", "row 1: the column email is missing"),
        ("customer_number,email\n,a@x.org\n", "row 2, column customer_number"),
        ("customer_number,email\nC-1,\n", "row 2, column email: no data subject"),
        (
            "customer_number,email\nC-1,a@x\nC-1,b@x\n",
            "row 3, column customer_number: this record",
        ),
        ('customer_number,email\nC-1,"a@x.org\n', "segment-1.csv, row 2: unexpected end"),
        ("", "row 1: the column customer_number is missing"),
    ],
)
def test_a_malformed_row_is_named_and_nothing_is_half_loaded(
    tmp_path: Path, text: str, problem: str
) -> None:
    write_segment(tmp_path / "segment-0.csv", PEOPLE)
    (tmp_path / "segment-1.csv").write_text(text, encoding="utf-8")
    version = dataset(tmp_path)
    with pytest.raises(UnreadableRecords, match=problem):
        load_record_index(dataset_version_id=version.pk)
    version.refresh_from_db()
    assert version.indexed_at is None
    assert not Posting.objects.exists()
    assert not Artifact.objects.filter(kind=ArtifactKind.SEGMENT).exists()


def test_bytes_that_are_no_utf8_and_missing_folders_are_named(tmp_path: Path) -> None:
    (tmp_path / "segment-0.csv").write_bytes(b"customer_number,email\nC-1,\xff\xfe\n")
    with pytest.raises(UnreadableRecords, match=r"segment-0\.csv is not UTF-8"):
        load_record_index(dataset_version_id=dataset(tmp_path).pk)
    with pytest.raises(UnreadableRecords, match="does not exist"):
        load_record_index(dataset_version_id=dataset(tmp_path / "nowhere", "gone").pk)


def redact(
    directory: Path, version: Artifact, record: str, people: list[tuple[str, str]]
) -> Artifact:
    left = [person for person in people if person[0] != record]
    write_segment(directory / "segment-0.csv", left)
    return record_redaction(dataset_version_id=version.pk)


def test_a_redaction_forgets_the_record_and_supersedes_the_version(tmp_path: Path) -> None:
    write_segment(tmp_path / "segment-0.csv", PEOPLE)
    write_segment(tmp_path / "segment-1.csv", [("C-4", "dan@example.org")])
    old = dataset(tmp_path)
    load_record_index(dataset_version_id=old.pk)
    new = redact(tmp_path, old, "C-1", PEOPLE)
    again = record_redaction(dataset_version_id=old.pk)
    old.refresh_from_db()
    assert again.pk == new.pk
    assert (old.state, new.state, new.location) == ("superseded", "current", old.location)
    assert new.indexed_at is not None
    assert Derivation.objects.filter(
        upstream=old, downstream=new, relation=Relation.REDACTED_FROM
    ).exists()
    states = Artifact.objects.filter(kind=ArtifactKind.SEGMENT).values_list("state", flat=True)
    assert sorted(states) == ["current", "current", "destroyed"]
    ann = Posting.objects.get(subject_digest=subject_digest("ann@example.org").value)
    assert (ann.segments, ann.record_ids, len(ann.past_segments or ())) == ([], [], 1)
    assert trace(subject_digest("ann@example.org")).records == ()
    assert found("ann@example.org") == {}


@pytest.mark.parametrize("kind", sorted(ROW_HOLDERS))
def test_whatever_holds_rows_is_read_and_redacted_and_stays_what_it_is(
    tmp_path: Path, kind: ArtifactKind
) -> None:
    write_segment(tmp_path / "segment-0.csv", PEOPLE)
    old = dataset(tmp_path, kind=kind)
    old.attributes |= {
        "declared_kind": kind,
        "description": "Made up.",
        "copies": ["file:///laptop/adult"],
    }
    old.save()
    load_record_index(dataset_version_id=old.pk)
    assert found("ann@example.org")[old.name] == "certain"
    new = redact(tmp_path, old, "C-1", PEOPLE)
    assert (new.kind, new.attributes["description"]) == (kind, "Made up.")
    assert locations_of(new.pk) == (tmp_path.as_uri(), "file:///laptop/adult")
    newest = redact(tmp_path, new, "C-2", PEOPLE[1:])
    assert newest.name.count("redacted") == 1
    assert found("ann@example.org") == {}
    assert list(found("eve@example.org")) == [
        f"{newest.name}/segment-0.csv",
        newest.name,
    ]


@pytest.mark.parametrize("kind", [ArtifactKind.RECIPIENT, ArtifactKind.MODEL])
def test_what_holds_no_rows_of_ours_is_neither_read_nor_redacted(
    tmp_path: Path, kind: ArtifactKind
) -> None:
    write_segment(tmp_path / "segment-0.csv", PEOPLE)
    other = dataset(tmp_path, kind=kind)
    for act in (load_record_index, record_redaction):
        with pytest.raises(ArtifactNotFound):
            act(dataset_version_id=other.pk)


def test_of_a_synthetic_dataset_only_the_digest_is_read(tmp_path: Path) -> None:
    (tmp_path / "segment-0.csv").write_text("age,income\n40,1\n", encoding="utf-8")
    synthetic = dataset(tmp_path, kind=ArtifactKind.SYNTHETIC_DATASET)
    assert load_record_index(dataset_version_id=synthetic.pk).segments == 1
    synthetic.refresh_from_db()
    assert synthetic.digest == version_digest(list_segments(tmp_path))
    assert synthetic.indexed_at is None
    assert not Posting.objects.exists()


def test_after_redaction_what_was_only_unlearned_is_still_shown(tmp_path: Path) -> None:
    write_segment(tmp_path / "segment-0.csv", PEOPLE)
    old = dataset(tmp_path)
    load_record_index(dataset_version_id=old.pk)
    trained = model("trained", trained_on=old)
    model("unlearned", unlearned_from=trained)
    model("retrained", retrained_from=trained)
    Artifact.objects.filter(pk=trained.pk).update(state="superseded")
    redact(tmp_path, old, "C-1", PEOPLE)
    assert found("ann@example.org") == {"unlearned": "possible"}


def test_others_in_a_rewritten_segment_keep_everything_made_from_the_old_one(
    tmp_path: Path,
) -> None:
    write_segment(tmp_path / "segment-0.csv", PEOPLE)
    old = dataset(tmp_path)
    load_record_index(dataset_version_id=old.pk)
    model("trained before", trained_on=old)
    new = redact(tmp_path, old, "C-1", PEOPLE)
    newest = redact(tmp_path, new, "C-2", PEOPLE[1:])
    model("trained after", trained_on=newest)
    assert {"trained before", "trained after"} <= set(found("eve@example.org"))
    assert "trained after" not in found("bob@example.org")
    assert "trained before" in found("bob@example.org")


def test_a_record_in_two_versions_is_past_in_the_one_that_was_redacted(tmp_path: Path) -> None:
    first, second = tmp_path / "v1", tmp_path / "v2"
    write_segment(first / "segment-0.csv", PEOPLE)
    write_segment(second / "segment-0.csv", PEOPLE[:2])
    versions = [dataset(first, "v1"), dataset(second, "v2")]
    for version in versions:
        load_record_index(dataset_version_id=version.pk)
    model("of v1", trained_on=versions[0])
    redact(first, versions[0], "C-1", PEOPLE)
    assert {"of v1", "v2"} <= set(found("ann@example.org"))
    redact(second, versions[1], "C-1", PEOPLE[:2])
    assert found("ann@example.org") == {"of v1": "certain"}


def test_rows_that_come_back_are_taken_out_again(tmp_path: Path) -> None:
    write_segment(tmp_path / "segment-0.csv", PEOPLE)
    version = dataset(tmp_path)
    load_record_index(dataset_version_id=version.pk)
    for _ in range(3):
        version = redact(tmp_path, version, "C-1", PEOPLE)
        assert found("ann@example.org") == {}
        assert version.name in found("bob@example.org")
        write_segment(tmp_path / "segment-0.csv", PEOPLE)
        load_record_index(dataset_version_id=version.pk)
        assert found("ann@example.org")[version.name] == "certain"
    assert Artifact.objects.filter(kind=version.kind, state="current").get() == version


def test_a_superseded_version_is_not_read_again(tmp_path: Path) -> None:
    write_segment(tmp_path / "segment-0.csv", PEOPLE)
    old = dataset(tmp_path)
    load_record_index(dataset_version_id=old.pk)
    redact(tmp_path, old, "C-1", PEOPLE)
    segments = Derivation.objects.filter(downstream=old, relation=Relation.PART_OF).count()
    assert load_record_index(dataset_version_id=old.pk).rows == 0
    assert Derivation.objects.filter(downstream=old, relation="part_of").count() == segments


def test_a_subject_that_nobody_knows_gets_an_empty_complete_answer(tmp_path: Path) -> None:
    write_segment(tmp_path / "segment-0.csv", PEOPLE)
    load_record_index(dataset_version_id=dataset(tmp_path).pk)
    impact = trace(subject_digest("nobody@example.org"))
    assert (impact.records, impact.affected, impact.complete) == ((), (), True)
