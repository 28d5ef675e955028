"""The migration that packs the postings, there and back, keeps what everybody holds."""

from importlib import import_module

import pytest
from django.db import connection

from governance.subjects import subject_digest
from lineage.models import Posting, SubjectChoice
from lineage.permission import Choice
from lineage.selectors.postings import held_of
from lineage.services import record_choice
from tests.people import ANN, CEM

MIGRATION = import_module("lineage.migrations.0009_pack_postings")


@pytest.mark.django_db
def test_postings_and_choices_are_the_same_before_and_after() -> None:
    ann, cem = subject_digest(ANN), subject_digest(CEM)
    Posting.objects.create(
        subject_digest=ann.value,
        key_version=1,
        segments=[5, 7],
        record_ids=["C-1", "C-2"],
        past_segments=[3],
    )
    Posting.objects.create(subject_digest=cem.value, key_version=1, segments=[5, 6])
    record_choice(identifier=ANN, choice=Choice.OPT_OUT, told_by="test")
    with connection.cursor() as cursor:
        cursor.execute(MIGRATION.UNPACK)
        cursor.execute(
            "SELECT segments, record_ids, past_segments FROM lineage_posting ORDER BY segments"
        )
        assert cursor.fetchall() == [([5, 6], ["", ""], []), ([5, 7], ["C-1", "C-2"], [3])]
        cursor.execute("SELECT subject_digest FROM lineage_subjectchoice")
        assert bytes(cursor.fetchone()[0]) == ann.value
        cursor.execute(MIGRATION.PACK)
    assert held_of(ann).entries == ((5, "C-1"), (7, "C-2"))
    assert held_of(ann).past == {3}
    assert held_of(cem).entries == ((5, ""), (6, ""))
    assert Posting.objects.get(pk=cem.value).past_segments is None
    assert bytes(SubjectChoice.objects.get().subject_digest) == ann.value
