"""The way into the postings: merged, packed, and all or nothing."""

import numpy as np
import pytest
from django.db import connection, transaction

from governance.subjects import SubjectDigest, subject_digest
from lineage.errors import SegmentNumberTooLarge
from lineage.graph import ArtifactKind, Relation
from lineage.membership.grouping import LAST_SEGMENT
from lineage.models import Artifact, Derivation, Posting
from lineage.selectors import trace
from lineage.selectors.ownership import datasets_with_ids_of_others
from lineage.selectors.postings import PostgresIndex, held_of
from lineage.selectors.whereabouts import find_records
from lineage.services.postings import incoming_postings
from lineage.services.segments import destroy_vanished_segments

pytestmark = pytest.mark.django_db
ANN, BOB = bytes([1] * 16), bytes([255] * 16)


def who(digest: bytes) -> SubjectDigest:
    return SubjectDigest(value=digest, key_version=1)


def load(*memberships: tuple[bytes, int, str]) -> int:
    with transaction.atomic(), incoming_postings() as incoming:
        for membership in memberships:
            incoming.add(*membership)
    return incoming.subjects


def load_many(*memberships: tuple[bytes, int]) -> int:
    digests = np.frombuffer(b"".join(d for d, _ in memberships), dtype=np.uint8)
    with transaction.atomic(), incoming_postings() as incoming:
        incoming.add_many(
            digests.reshape(-1, 16), np.array([s for _, s in memberships], dtype=np.int32)
        )
    return incoming.subjects


def segment(name: str, version: Artifact) -> Artifact:
    made = Artifact.objects.create(kind=ArtifactKind.SEGMENT, identity=name, name=name)
    Derivation.objects.create(upstream=made, downstream=version, relation=Relation.PART_OF)
    return made


@pytest.fixture
def version() -> Artifact:
    return Artifact.objects.create(
        kind=ArtifactKind.DATASET_VERSION, identity="adult@1", name="adult@1"
    )


def test_memberships_with_ids_without_and_of_both_kinds_are_merged() -> None:
    assert load((BOB, 9, "C-9"), (ANN, 7, "C-1"), (ANN, 5, "C-2"), (ANN, 7, "C-1")) == 2
    assert load((ANN, 7, "C-3"), (ANN, 6, "")) == 2
    assert held_of(who(ANN)).entries == ((5, "C-2"), (6, ""), (7, "C-1"), (7, "C-3"))
    assert held_of(who(BOB)).entries == ((9, "C-9"),)


def test_where_no_record_has_an_id_none_is_kept() -> None:
    load_many((BOB, 2), (ANN, 3), (ANN, 1))  # into an empty index
    load_many((ANN, 2), (ANN, 1), (bytes(16), 4))  # and into one that is not
    load((BOB, 3, ""))
    rows = {bytes(row.subject_digest): row for row in Posting.objects.all()}
    assert {digest: row.segments for digest, row in rows.items()} == {
        bytes(16): [4],
        ANN: [1, 2, 3],
        BOB: [2, 3],
    }
    assert {row.record_ids for row in rows.values()} == {None}
    assert {row.past_segments for row in rows.values()} == {None}
    assert PostgresIndex().look_up(ANN).tolist() == [1, 2, 3]
    assert PostgresIndex().look_up(bytes([7] * 16)).tolist() == []


def test_what_was_held_already_is_not_written_again() -> None:
    def written() -> list[tuple[int, int]]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT tableoid::int, ctid::text FROM lineage_posting ORDER BY 1, 2")
            return list(cursor.fetchall())

    load((ANN, 7, "C-1"), (BOB, 7, "C-2"))
    before = written()
    load((BOB, 7, "C-2"))
    assert written() == before


def test_a_segment_number_that_does_not_fit_is_refused_and_nothing_is_kept() -> None:
    load((ANN, LAST_SEGMENT, "C-1"))
    with pytest.raises(SegmentNumberTooLarge, match="docs/operate"):
        load((BOB, 7, "C-2"), (BOB, LAST_SEGMENT + 1, "C-2"))
    assert not Posting.objects.filter(subject_digest=BOB).exists()


def test_postings_lie_in_partitions_by_their_digest_and_no_other_is_looked_into() -> None:
    digests = [subject_digest(f"{n}@example.org").value for n in range(400)]
    load_many(*[(digest, 1) for digest in digests])
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(DISTINCT tableoid) FROM lineage_posting")
        assert cursor.fetchone() == (16,)
    plan = Posting.objects.filter(subject_digest=digests[0]).explain()
    assert plan.count("lineage_posting_") > 0
    assert "Append" not in plan


def test_records_without_ids_are_traced_told_apart_by_nobody_and_destroyed(
    version: Artifact,
) -> None:
    held = segment("segment-0", version)
    load((ANN, held.pk, ""), (BOB, held.pk, ""))
    impact = trace(who(ANN))
    assert [item.node.name for item in impact.affected] == ["segment-0", "adult@1"]
    assert [record.record_id for record in impact.records] == [""]
    assert find_records(who(ANN)).records == {held.pk: frozenset({""})}
    assert datasets_with_ids_of_others(impact.records, datasets=[version.pk]) == set()
    load((bytes(16), segment("segment-1", version).pk, ""))
    assert datasets_with_ids_of_others(impact.records, datasets=[version.pk]) == {version.pk}
    version.state = "destroyed"
    version.save()
    destroy_vanished_segments(version, {})
    assert held_of(who(ANN)).entries == ()
    assert held_of(who(ANN)).past == {held.pk}
    assert PostgresIndex().look_up(ANN).tolist() == [held.pk]


def test_of_a_record_without_id_the_segment_that_it_was_taken_out_of_is_remembered(
    version: Artifact,
) -> None:
    old, new = segment("old", version), segment("new", version)
    load((ANN, old.pk, ""), (BOB, old.pk, ""), (BOB, new.pk, ""))
    Derivation.objects.filter(upstream=old).delete()
    Derivation.objects.create(
        upstream=old,
        downstream=Artifact.objects.create(kind=version.kind, identity="a@0", state="superseded"),
        relation=Relation.PART_OF,
    )
    destroy_vanished_segments(Artifact.objects.get(identity="a@0"), {old.pk: new.pk})
    assert held_of(who(ANN)).past == {old.pk}
    assert (held_of(who(BOB)).entries, held_of(who(BOB)).past) == (((new.pk, ""),), frozenset())
