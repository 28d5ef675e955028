import threading

import pytest
from django.db import DatabaseError, connection, transaction

from governance.ledger.leaves import entry_leaf
from governance.ledger.merkle import verify_inclusion
from governance.ledger.selectors import entries_about, head, inclusions_of
from governance.ledger.services import append_entry, committed_fields
from governance.models import LedgerEntry


def append(reference: str = "request:1", **payload: object) -> LedgerEntry:
    return append_entry(kind="test.done", actor="system", reference=reference, payload=payload)


@pytest.mark.django_db
def test_entries_follow_each_other_without_holes() -> None:
    first = append(note="one").index
    with transaction.atomic():
        append(note="rolled back")
        transaction.set_rollback(True)
    assert append(note="two").index == first + 1


@pytest.mark.django_db
def test_an_entry_read_back_still_fits_its_leaf() -> None:
    written = append(number=1, ratio=0.5, nothing=None, nested={"ü": [True]})
    read = LedgerEntry.objects.get(pk=written.pk)
    assert entry_leaf(committed_fields(read), bytes(read.salt)) == bytes(read.leaf_hash)


@pytest.mark.django_db
def test_two_equal_entries_have_different_leaves() -> None:
    assert append(note="same").leaf_hash != append(note="same").leaf_hash


@pytest.mark.django_db
def test_every_entry_is_proven_against_the_head() -> None:
    entries = [append(number=number) for number in range(5)]
    for entry in entries:
        [proof] = inclusions_of([entry.index])
        assert (proof.size, proof.root) == (head().size, head().root)
        assert verify_inclusion(proof.leaf_hash, proof.index, proof.size, proof.proof, proof.root)


@pytest.mark.django_db
def test_entries_about_one_thing_come_in_order_and_alone() -> None:
    append("request:1", number=1)
    append("request:2")
    append("request:1", number=2)
    assert [e.payload["number"] for e in entries_about("request:1")] == [1, 2]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE governance_ledgerentry SET actor = 'nobody'",
        "DELETE FROM governance_ledgerentry",
        "TRUNCATE governance_ledgerentry",
    ],
)
def test_the_database_refuses_to_change_the_ledger(statement: str) -> None:
    append(note="stays")
    with connection.cursor() as cursor:
        # The test database lets TRUNCATE pass so that it can be emptied; here it must stand.
        cursor.execute("ALTER TABLE governance_ledgerentry ENABLE TRIGGER ledger_table_stands")
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert LedgerEntry.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_concurrent_writers_leave_no_hole_and_no_double() -> None:
    start = head().size

    def write() -> None:
        for number in range(10):
            append(note=str(number))
        connection.close()

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    indexes = list(LedgerEntry.objects.order_by("index").values_list("index", flat=True))
    assert indexes == list(range(start + 40))
