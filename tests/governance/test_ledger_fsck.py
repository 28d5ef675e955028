import json
import random
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.core.management import CommandError, call_command
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from governance.ledger import merkle
from governance.ledger.checkpoint import Checkpoint, sign_checkpoint
from governance.ledger.fsck import SPELLED_OUT, Expected, Row, check_ledger
from governance.ledger.leaves import entry_leaf
from governance.ledger.origin import ledger_origin
from governance.ledger.selectors import head
from governance.ledger.services import append_entry
from governance.signing import sign_head


def row(index: int, note: str = "x") -> Row:
    committed = {
        "index": index,
        "recorded_at": "2026-11-20T09:30:00+00:00",
        "kind": "test.done",
        "actor": "system",
        "reference": "request:1",
        "payload": {"note": note},
    }
    salt = index.to_bytes(32)
    return Row(index=index, committed=committed, salt=salt, leaf_hash=entry_leaf(committed, salt))


def ledger(size: int) -> list[Row]:
    return [row(index) for index in range(size)]


def checkpoint(rows: list[Row]) -> Checkpoint:
    leaves = [item.leaf_hash for item in rows]
    return Checkpoint(origin="o", size=len(leaves), root=merkle.root(leaves))


@given(st.integers(0, 300))
def test_the_running_root_is_the_root(size: int) -> None:
    leaves = [merkle.leaf_hash(bytes([number % 256])) for number in range(size)]
    running = merkle.RunningRoot()
    for leaf in leaves:
        running.append(leaf)
    assert (running.size, running.root()) == (size, merkle.root(leaves))


@given(st.integers(0, 40), st.integers(0, 40))
def test_an_honest_ledger_holds_under_every_earlier_checkpoint(size: int, earlier: int) -> None:
    rows = ledger(size)
    found = check_ledger(rows, checkpoint=checkpoint(rows[: min(size, earlier)]))
    assert (found.problems, found.size) == ([], size)
    assert found.root == checkpoint(rows).root


def test_a_changed_entry_is_named() -> None:
    rows = ledger(9)
    rows[4] = replace(rows[4], committed={**rows[4].committed, "actor": "nobody"})
    assert check_ledger(rows).problems == [
        "Entry 4 reads differently from what its leaf commits to.",
        "The root over the stored leaves is not the root over the entries.",
    ]


def test_a_changed_leaf_or_salt_is_named() -> None:
    for changed in (replace(row(7), leaf_hash=b"0" * 32), replace(row(7), salt=b"0" * 32)):
        rows = ledger(9)
        rows[7] = changed
        assert check_ledger(rows).problems[0].startswith("Entry 7 reads differently")


@pytest.mark.parametrize("value", [2**53, -(2**60), float("inf"), float("nan"), "\ud800"])
def test_an_entry_of_which_no_leaf_can_be_made_is_named_and_the_rest_is_read(value: object) -> None:
    rows = ledger(9)
    rows[4] = replace(rows[4], committed={**rows[4].committed, "payload": {"note": value}})
    rows[6] = replace(rows[6], committed={**rows[6].committed, "actor": "nobody"})
    found = check_ledger(rows)
    assert found.size == 9
    assert found.problems == [
        "Entry 4 holds a value that no leaf can commit to: it was altered.",
        "Entry 6 reads differently from what its leaf commits to.",
        "The root over the stored leaves is not the root over the entries.",
    ]


@pytest.mark.parametrize(
    ("gone", "said"),
    [
        ({3}, "Entry 3 is missing before entry 4."),
        ({3, 4}, "Entries 3 to 4 are missing before entry 5."),
        ({0}, "Entry 0 is missing before entry 1."),
    ],
)
def test_a_hole_is_named(gone: set[int], said: str) -> None:
    rows = [item for item in ledger(9) if item.index not in gone]
    assert check_ledger(rows).problems[0] == said


def test_an_entry_that_stands_twice_is_named() -> None:
    rows = ledger(4)
    assert "Entry 2 stands where entry 3 should." in check_ledger([*rows[:3], *rows[2:]]).problems


def test_a_cut_off_end_shows_against_a_checkpoint_only() -> None:
    rows = ledger(9)
    assert check_ledger(rows[:6]).problems == []
    [problem] = check_ledger(rows[:6], checkpoint=checkpoint(rows)).problems
    assert problem.startswith("The ledger holds 6 entries, but 9 were signed")


@pytest.mark.parametrize("place", [0, 4, 8])
def test_a_history_written_anew_shows_against_a_checkpoint(place: int) -> None:
    rows = ledger(9)
    forged = [*rows[:place], row(place, "something else"), *rows[place + 1 :], row(9)]
    assert check_ledger(forged).problems == []
    [problem] = check_ledger(forged, checkpoint=checkpoint(rows)).problems
    assert problem.startswith("The first 9 entries are not those")


def test_entries_that_something_rests_on_are_looked_for() -> None:
    def wanted(index: int, note: str = "x", kind: str = "test.done") -> Expected:
        return Expected(index=index, what=f"report {index}", kind=kind, payload={"note": note})

    expected = [wanted(0), wanted(2, "y"), wanted(3, kind="other"), wanted(5), wanted(9)]
    rows = [item for item in ledger(7) if item.index != 5]
    found = check_ledger(rows, expected=expected)
    assert found.expected == 5
    assert [p for p in found.problems if "report" in p] == [
        "Entry 2 does not commit to the report 2 as it is stored.",
        "Entry 3 does not commit to the report 3 as it is stored.",
        "Entry 5, of the report 5, is missing.",
        "Entry 9, of the report 9, is missing.",
    ]


def test_of_very_many_problems_the_first_are_spelled_out() -> None:
    rows = [replace(item, salt=b"0") for item in ledger(SPELLED_OUT + 20)]
    found = check_ledger(rows)
    assert len(found.problems) == SPELLED_OUT
    assert found.more_problems == 21


def test_progress_tells_of_every_entry() -> None:
    told: list[int] = []
    check_ledger(ledger(3), progress=told.append)
    assert told == [1, 2, 3]


@given(st.integers(1, 12), st.randoms(use_true_random=False))
def test_no_single_change_goes_unseen(size: int, chance: random.Random) -> None:
    rows = ledger(size)
    trusted = checkpoint(rows)
    place = chance.randrange(size)
    changes = [
        [*rows[:place], *rows[place + 1 :]],
        [*rows[:place], row(place, "new"), *rows[place + 1 :]],
        [*rows[:place], replace(rows[place], leaf_hash=b"1" * 32), *rows[place + 1 :]],
    ]
    for changed in changes:
        assert check_ledger(changed, checkpoint=trusted).problems


@pytest.fixture
def installation(db: None, settings: Settings, tmp_path: Path) -> Path:  # noqa: ARG001 - opens the database
    settings.SIGNING_KEY_FILE = tmp_path / "keys" / "signing-key.pem"
    for number in range(5):
        append_entry(
            kind="test.done", actor="system", reference="request:1", payload={"number": number}
        )
    return tmp_path


def fsck(*arguments: str) -> tuple[int, dict[str, Any]]:
    out, status = StringIO(), 0
    try:
        call_command("ledger_fsck", "--json", *arguments, stdout=out)
    except SystemExit as ended:
        status = int(str(ended.code))
    return status, json.loads(out.getvalue())


def keep_checkpoint(folder: Path) -> Path:
    tree, path = head(), folder / "checkpoint.txt"
    path.write_text(sign_head(origin=ledger_origin(), size=tree.size, root=tree.root))
    return path


def alter(statement: str, index: int) -> None:
    """Change the ledger as only the owner of its table can."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE governance_ledgerentry DISABLE TRIGGER USER")
        cursor.execute(statement, [index])


def test_the_command_says_that_the_ledger_holds(installation: Path) -> None:
    kept = keep_checkpoint(installation)
    status, said = fsck("--checkpoint", str(kept))
    assert (status, said["holds"], said["problems"]) == (0, True, [])
    assert said["root"] == head().root.hex()
    assert said["checkpoint"] == {
        "origin": ledger_origin(),
        "size": said["entries"],
        "root": said["root"],
    }


def test_the_command_names_what_an_intruder_changed(installation: Path) -> None:
    kept = str(keep_checkpoint(installation))
    last = head().size - 1
    alter("UPDATE governance_ledgerentry SET actor = 'nobody' WHERE index = %s", last)
    status, said = fsck()
    assert status == 1
    assert f"Entry {last} reads differently from what its leaf commits to." in said["problems"]
    alter("DELETE FROM governance_ledgerentry WHERE index = %s", last)
    assert fsck()[0] == 0
    status, said = fsck("--checkpoint", kept)
    assert (status, said["holds"]) == (1, False)


def test_the_command_outlives_a_number_that_canonical_json_cannot_hold(installation: Path) -> None:  # noqa: ARG001 - fills the ledger
    last = head().size - 1
    alter(
        """UPDATE governance_ledgerentry SET payload = '{"number": 9007199254740993}'
             WHERE index = %s""",
        last,
    )
    status, said = fsck()
    assert status == 1
    assert said["problems"] == [
        f"Entry {last} holds a value that no leaf can commit to: it was altered."
    ]


def test_the_command_speaks_plainly(installation: Path) -> None:
    out = StringIO()
    call_command("ledger_fsck", stdout=out)
    assert "The ledger holds." in out.getvalue()
    assert "No checkpoint from elsewhere was given" in out.getvalue()
    out = StringIO()
    call_command("ledger_fsck", "--checkpoint", str(keep_checkpoint(installation)), stdout=out)
    assert f"Checkpoint of {ledger_origin()} over" in out.getvalue()


def test_a_checkpoint_by_somebody_else_is_not_trusted(installation: Path) -> None:
    forger = Ed25519PrivateKey.generate()
    path, key = installation / "note", installation / "key.pem"
    path.write_text(sign_checkpoint(Checkpoint(origin="o", size=0, root=b"0" * 32), forger))
    with pytest.raises(CommandError, match="names another key"):
        call_command("ledger_fsck", "--checkpoint", str(path))
    key.write_bytes(
        forger.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    status, said = fsck("--checkpoint", str(path), "--key", str(key))
    assert status == 1
    [problem] = said["problems"]
    assert problem.startswith("The first 0 entries")


@pytest.mark.parametrize("content", ["", "no checkpoint", "a\nb\nc\n"])
def test_what_is_no_checkpoint_is_refused_in_a_sentence(installation: Path, content: str) -> None:
    path = installation / "note"
    path.write_text(content)
    with pytest.raises(CommandError, match="not to be trusted"):
        call_command("ledger_fsck", "--checkpoint", str(path))
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("ledger_fsck", "--checkpoint", str(installation / "none"))
    with pytest.raises(CommandError, match="key cannot be read"):
        call_command("ledger_fsck", "--checkpoint", str(path), "--key", str(path))
