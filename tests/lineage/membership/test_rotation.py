"""Another version of the key while people go on asking: nobody's records are ever missed."""

import threading
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from pytest_django import Settings

from governance.subjects import SubjectDigest, subject_digest
from lineage.models import Artifact, Posting, SubjectChoice
from lineage.permission import Choice
from lineage.selectors import trace
from lineage.selectors.postings import held_of
from lineage.services import load_record_index, record_choice, record_redaction, rotate_key
from lineage.services.rotation import RotationProgress
from tests.people import ANN, CEM, ROWS, record_dataset, write_dataset

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(tmp_path: Path) -> Artifact:
    return record_dataset(write_dataset(tmp_path / "people"))


@pytest.fixture
def rotate(settings: Settings) -> "Rotate":
    return Rotate(settings)


class Rotate:
    """Gives the installation another key, and takes the old one away."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.old = settings.SUBJECT_PEPPER_VERSION
        self.new = self.old + 1

    def begin(self) -> None:
        peppers = {**self._settings.SUBJECT_PEPPERS, self.new: b"another pepper"}
        self._settings.SUBJECT_PEPPERS = peppers
        self._settings.SUBJECT_PEPPER_VERSION = self.new

    def retire(self) -> None:
        self._settings.SUBJECT_PEPPERS = {self.new: b"another pepper"}


def quietly(_: RotationProgress) -> None:
    """Tell nobody."""


def records(email: str) -> list[str]:
    return sorted(record.record_id for record in trace(subject_digest(email)).records)


def versions() -> set[int]:
    return set(Posting.objects.values_list("key_version", flat=True))


def test_rows_move_to_the_new_key_and_are_found_before_meanwhile_and_after(
    people: Artifact, rotate: Rotate
) -> None:
    assert people.indexed_at
    rotate.begin()
    assert records(ANN) == ["C-1"]
    seen: list[tuple[int, int, set[int]]] = []

    def look(progress: RotationProgress) -> None:
        seen.append((progress.done, progress.due, versions()))
        for record_id, email, _ in ROWS:
            assert records(email) == [record_id]

    rotation = rotate_key(progress=look)
    assert seen == [(1, 2, {rotate.old, rotate.new}), (2, 2, {rotate.new})]
    assert (rotation.rows, rotation.segments, rotation.troubles) == (4, 2, ())
    rotate.retire()
    assert records(ANN) == ["C-1"]
    assert Posting.objects.count() == len(ROWS)


def test_a_rotation_that_was_cut_off_goes_on_where_it_was(people: Artifact, rotate: Rotate) -> None:
    rotate.begin()

    def pull_the_plug(progress: RotationProgress) -> None:
        raise RuntimeError(progress.done)

    with pytest.raises(RuntimeError):
        rotate_key(progress=pull_the_plug)
    assert versions() == {rotate.old, rotate.new}
    assert rotate_key(progress=quietly).segments == 1
    assert versions() == {rotate.new}
    assert rotate_key(progress=quietly).segments == 0
    assert records(ANN) == ["C-1"]
    assert people.indexed_at


def test_what_is_read_anew_in_the_ordinary_way_moves_too(people: Artifact, rotate: Rotate) -> None:
    rotate.begin()
    load_record_index(dataset_version_id=people.pk)
    assert versions() == {rotate.new}


def test_a_membership_leaves_the_old_key_only_when_that_very_row_was_read(
    people: Artifact, rotate: Rotate
) -> None:
    """Here a second holder of the same segments finds people by another column."""
    by_city = {"subject_columns": ["city"], "record_id_column": "customer_number"}
    cities = Artifact.objects.create(
        kind=people.kind,
        name="cities",
        identity="dataset:test/cities",
        location=people.location,
        attributes={"record_index": by_city},
    )
    load_record_index(dataset_version_id=cities.pk)
    rotate.begin()
    load_record_index(dataset_version_id=people.pk)
    assert versions() == {rotate.old, rotate.new}
    assert records("Lyon") == ["C-2", "C-2"]
    assert rotate_key(progress=quietly).segments == 2
    assert versions() == {rotate.new}
    assert records("Lyon") == records("bob@example.com") == ["C-2", "C-2"]


def test_choices_of_people_with_rows_come_along(people: Artifact, rotate: Rotate) -> None:
    assert people.indexed_at
    record_choice(identifier=CEM, choice=Choice.OPT_OUT, told_by="test")
    record_choice(identifier="stranger@example.com", choice=Choice.OPT_OUT, told_by="test")
    rotate.begin()
    for _ in range(2):
        rotate_key(progress=quietly)
        load_record_index(dataset_version_id=people.pk)
    new = SubjectChoice.objects.filter(key_version=rotate.new)
    assert [bytes(row.subject_digest) for row in new] == [subject_digest(CEM).value]
    assert SubjectChoice.objects.count() == 3


def test_of_whom_all_rows_were_taken_out_stays_under_the_old_key_and_that_is_said(
    people: Artifact, rotate: Rotate, tmp_path: Path
) -> None:
    write_dataset(tmp_path / "people", ROWS[1:])
    record_redaction(dataset_version_id=people.pk)
    past = held_of(subject_digest(ANN)).past
    assert past
    rotate.begin()
    out = StringIO()
    with pytest.raises(SystemExit) as status:
        call_command("index_rotate", stdout=out, stderr=StringIO())
    assert status.value.code == 1
    assert f"Left under version {rotate.old}: 0 memberships of 1 people" in out.getvalue()
    assert "Keep this key." in out.getvalue()
    assert held_of(subject_digest(ANN)).past == past


def test_past_segments_go_with_a_person_whose_rows_are_read(
    people: Artifact, rotate: Rotate, tmp_path: Path
) -> None:
    write_dataset(tmp_path / "people", ROWS[1:])
    new = record_redaction(dataset_version_id=people.pk)
    past = held_of(subject_digest(ANN)).past
    write_dataset(tmp_path / "people", ROWS)
    rotate.begin()
    load_record_index(dataset_version_id=new.pk)
    old = subject_digest(ANN, key_version=rotate.old).value
    assert not Posting.objects.filter(subject_digest=old).exists()
    rotate.retire()
    assert held_of(subject_digest(ANN)).past == past


def test_files_that_are_gone_are_named_and_their_people_still_found(
    people: Artifact, rotate: Rotate, tmp_path: Path
) -> None:
    (tmp_path / "people").rename(tmp_path / "elsewhere")
    rotate.begin()
    rotation = rotate_key(progress=quietly)
    (trouble,) = rotation.troubles
    assert people.name in trouble
    assert "does not exist" in trouble
    assert records(ANN) == ["C-1"]


def test_the_same_key_under_another_version_loses_nobody(
    people: Artifact, rotate: Rotate, settings: Settings
) -> None:
    same = settings.SUBJECT_PEPPERS[rotate.old]
    settings.SUBJECT_PEPPERS = {rotate.old: same, rotate.new: same}
    settings.SUBJECT_PEPPER_VERSION = rotate.new
    assert people.indexed_at
    rotate_key(progress=quietly)
    assert versions() == {rotate.new}
    assert records(ANN) == ["C-1"]


@pytest.mark.django_db(transaction=True)
def test_whoever_asks_while_rows_move_misses_nobody(tmp_path: Path, rotate: Rotate) -> None:
    rows = [(f"C-{n}", f"p{n}@example.com", "Cork") for n in range(40)]
    record_dataset(write_dataset(tmp_path / "people", rows, segments=20))
    rotate.begin()
    subjects: list[SubjectDigest] = [subject_digest(email) for _, email, _ in rows]
    stop = threading.Event()
    missed: list[int] = []
    asked: list[int] = []

    def ask() -> None:
        try:
            while not stop.is_set():
                missed.extend(n for n, who in enumerate(subjects) if not held_of(who).entries)
                asked.append(len(subjects))
        finally:
            connection.close()

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        rotation = rotate_key(progress=quietly)
    finally:
        stop.set()
        asking.join(timeout=30)
    assert (rotation.segments, versions()) == (20, {rotate.new})
    assert asked
    assert missed == []
