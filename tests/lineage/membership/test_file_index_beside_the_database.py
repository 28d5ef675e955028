"""A file index beside the postings: one interface, and never an answer from before a change."""

import json
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from django.core.management import call_command
from django.db import connection, transaction
from pytest_django import Settings

from lineage.membership.index import FreshIndex
from lineage.models import ChangedPosting, FileIndexBuild, Posting
from lineage.selectors.postings import PostgresIndex, membership_index
from lineage.services import build_file_index, drop_file_index
from lineage.services.postings import incoming_postings

pytestmark = pytest.mark.django_db
PEOPLE = [bytes([n] * 16) for n in range(1, 60)]


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> Path:
    settings.MEMBERSHIP_FOLDER = tmp_path / "membership"
    return tmp_path / "membership"


def load(*memberships: tuple[bytes, int]) -> None:
    with transaction.atomic(), incoming_postings() as incoming:
        for digest, segment in memberships:
            incoming.add(digest, segment, f"R-{segment}" if segment % 2 else "")


def build() -> None:
    build_file_index(progress=lambda _: None)


def answers() -> dict[bytes, list[int]]:
    """What the index says, which must be what the postings say."""
    with membership_index() as index:
        found = {digest: index.look_up(digest).tolist() for digest in PEOPLE}
    rows = PostgresIndex()
    assert found == {digest: rows.look_up(digest).tolist() for digest in PEOPLE}
    return found


def kind() -> type:
    with membership_index() as index:
        return type(index)


def test_whatever_changes_after_the_build_is_answered_as_it_is_now() -> None:
    load(*[(digest, n) for n, digest in enumerate(PEOPLE, start=1)])
    assert kind() is PostgresIndex
    build()
    assert kind() is FreshIndex
    assert answers()[PEOPLE[4]] == [5]
    load((PEOPLE[4], 77), (bytes([200] * 16), 78))
    assert answers()[PEOPLE[4]] == [5, 77]
    Posting.objects.filter(pk=PEOPLE[5]).update(segments=[], past_segments=[6], record_ids=None)
    assert answers()[PEOPLE[5]] == [6]
    Posting.objects.filter(pk=PEOPLE[6]).delete()
    assert answers()[PEOPLE[6]] == []
    assert len(ChangedPosting.objects.all()) == 4
    build()
    assert not ChangedPosting.objects.exists()
    assert answers()[PEOPLE[4]] == [5, 77]


def test_a_build_holds_past_segments_too() -> None:
    Posting.objects.create(
        subject_digest=PEOPLE[0], key_version=1, segments=[3], past_segments=[1, 9]
    )
    build()
    assert answers()[PEOPLE[0]] == [1, 3, 9]
    assert FileIndexBuild.objects.get().memberships == 3


def test_after_the_first_load_of_all_everything_is_noted_too() -> None:
    build()
    with transaction.atomic(), incoming_postings() as incoming:
        digests = np.frombuffer(b"".join(PEOPLE), dtype=np.uint8).reshape(-1, 16)
        incoming.add_many(digests, np.arange(len(PEOPLE), dtype=np.int32) + 1)
    assert answers()[PEOPLE[0]] == [1]


def test_a_build_that_was_cut_off_leaves_the_one_before_at_work(folder: Path) -> None:
    load((PEOPLE[0], 1))
    build()

    def pull_the_plug(_: int) -> None:
        raise RuntimeError

    load((PEOPLE[0], 2))
    with pytest.raises(RuntimeError):
        build_file_index(progress=pull_the_plug)
    assert kind() is FreshIndex
    assert answers()[PEOPLE[0]] == [1, 2]
    build()
    assert FileIndexBuild.objects.count() == 1
    assert len(list(folder.iterdir())) == 1


def test_without_its_files_the_database_answers(folder: Path) -> None:
    load((PEOPLE[0], 1))
    build()
    (next(folder.iterdir()) / "segments").unlink()
    assert kind() is PostgresIndex
    assert answers()[PEOPLE[0]] == [1]


def test_an_emptied_index_is_no_longer_answered_from_files() -> None:
    load((PEOPLE[0], 1))
    build()
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE lineage_posting")
    assert kind() is PostgresIndex
    assert answers()[PEOPLE[0]] == []


def test_without_a_file_index_nothing_is_noted(folder: Path) -> None:
    build()
    drop_file_index()
    load((PEOPLE[0], 1))
    assert kind() is PostgresIndex
    assert not ChangedPosting.objects.exists()
    assert not folder.exists()


def run(*words: str) -> str:
    out = StringIO()
    call_command(*words, stdout=out, stderr=StringIO())
    return out.getvalue()


def test_the_commands_build_and_tell() -> None:
    load((PEOPLE[0], 1), (PEOPLE[0], 2), (PEOPLE[1], 2))
    assert "No file index." in run("index_status")
    assert run("index_build").startswith("3 memberships of 2 people in ")
    load((PEOPLE[1], 4))
    told = run("index_status")
    assert "Key version 1 (current): 4 memberships of 2 people" in told
    assert "File index of 3 memberships" in told
    document = json.loads(run("index_status", "--json"))
    assert document["file_index"]["changed_since"] == 1
    assert document["versions"] == [
        {"key_version": 1, "subjects": 2, "memberships": 4, "only_past": 0}
    ]
    assert document["bytes"] > 0
    assert run("index_build", "--drop") == "There is no file index any more.\n"
