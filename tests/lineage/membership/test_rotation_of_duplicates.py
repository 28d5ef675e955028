"""Another version of the key, where records were given to people because of what they say."""

from pathlib import Path

import pytest
from pytest_django import Settings

from governance.subjects import subject_digest
from lineage.models import Artifact, DuplicateDecision, Posting, RecordFingerprint
from lineage.selectors import duplicates_of, trace
from lineage.services import decide_duplicate, load_record_index, rotate_key
from lineage.services.rotation import RotationProgress
from tests.people import write_dataset

pytestmark = pytest.mark.django_db

ANN, BOB = "ann@example.org", "bob@example.org"


def load(folder: Path, rows: list[tuple[str, str, str]]) -> Artifact:
    """Read rows of number, e-mail and city, among which some may name nobody."""
    layout = {
        "subject_columns": ["email"],
        "record_id_column": "customer_number",
        "unnamed_rows": True,
    }
    dataset = Artifact.objects.create(
        kind="dataset_version",
        name=folder.name,
        identity=f"dataset:test/{folder.name}",
        location=write_dataset(folder, rows, segments=1).as_uri(),
        attributes={"record_index": layout},
    )
    load_record_index(dataset_version_id=dataset.pk)
    return dataset


def begin(settings: Settings) -> None:
    """Give the installation another key."""
    new = settings.SUBJECT_PEPPER_VERSION + 1
    settings.SUBJECT_PEPPERS = {**settings.SUBJECT_PEPPERS, new: b"another pepper"}
    settings.SUBJECT_PEPPER_VERSION = new


def retire(settings: Settings) -> None:
    """Take the older keys away."""
    new = settings.SUBJECT_PEPPER_VERSION
    settings.SUBJECT_PEPPERS = {new: settings.SUBJECT_PEPPERS[new]}


def quietly(_: RotationProgress) -> None:
    """Tell nobody."""


def records(identifier: str) -> list[str]:
    return sorted({r.record_id for r in trace(subject_digest(identifier)).records})


def versions() -> set[int]:
    tables = (Posting, RecordFingerprint, DuplicateDecision)
    return {row["key_version"] for table in tables for row in table.objects.values("key_version")}


@pytest.mark.parametrize("first", ["people", "copies"])
def test_linked_and_decided_rows_move_with_their_person(
    tmp_path: Path, settings: Settings, first: str
) -> None:
    datasets = {
        "people": load(tmp_path / "people", [("1", ANN, "Bern"), ("2", ANN, "Rome")]),
        "copies": load(
            tmp_path / "copies", [("3", "", "Bern"), ("4", BOB, "Rome"), ("5", "", "Rome")]
        ),
    }
    for record, decision in (("4", "same_person"), ("5", "other_person")):
        subject = subject_digest(ANN)
        decide_duplicate(subject=subject, record_id=record, decision=decision, actor="ann")
    begin(settings)
    load_record_index(dataset_version_id=datasets[first].pk)
    assert (records(ANN), records(BOB)) == (["1", "2", "3", "4"], ["4"])

    def look(_: RotationProgress) -> None:
        assert (records(ANN), records(BOB)) == (["1", "2", "3", "4"], ["4"])

    rotate_key(progress=look)
    assert versions() == {settings.SUBJECT_PEPPER_VERSION}
    retire(settings)
    assert (records(ANN), records(BOB)) == (["1", "2", "3", "4"], ["4"])
    listed = duplicates_of(subject_digest(ANN))
    assert {(row.record_id, row.decision) for row in listed} == {("5", "other_person")}


def test_a_row_of_nobody_waits_for_the_end_because_somebody_else_may_have_said_it(
    tmp_path: Path, settings: Settings
) -> None:
    load(tmp_path / "people", [("1", ANN, "Bern"), ("2", ANN, "Rome")])
    others = load(tmp_path / "others", [("3", BOB, "Bern")])
    begin(settings)
    load(tmp_path / "scrape", [("8", "", "Bern"), ("9", "", "Rome")])
    assert others.location
    rotate_key(progress=quietly)
    assert (records(ANN), records(BOB)) == (["1", "2", "9"], ["3"])
    assert {row.record_id for row in duplicates_of(subject_digest(ANN))} == {"3", "8"}


def test_rows_of_nobody_alone_are_read_anew_too(tmp_path: Path, settings: Settings) -> None:
    load(tmp_path / "scrape", [("8", "", "Bern")])
    begin(settings)
    assert rotate_key(progress=quietly).rows == 1
    assert versions() == {settings.SUBJECT_PEPPER_VERSION}
