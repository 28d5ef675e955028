"""Rows that say the same: whose they are, and who decides it."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from governance.ledger.selectors import entries_about
from governance.subjects import subject_digest
from lineage.models import Artifact, DuplicateDecision, RecordFingerprint
from lineage.selectors import count_undecided, duplicates_of, trace
from lineage.services import record_redaction

pytestmark = pytest.mark.django_db

ANN, BOB = "ann@example.org", "bob@example.org"
STORY = (
    "I moved to the small house near the river in spring and ever since then my knee has hurt "
    "when I climb the stairs to the kitchen so I would like to see a doctor about it soon please"
)


def load(folder: Path, rows: list[tuple[str, str, str]], *words: str) -> Artifact:
    """Load rows of id, e-mail and text as a dataset named like the folder."""
    folder.mkdir(exist_ok=True)
    lines = [json.dumps({"id": i, "email": e, "text": t}) for i, e, t in rows]
    (folder / "a.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    description = {"format": "jsonl", "subjectColumns": ["email"], "recordIdColumn": "id"}
    (folder / "record-index.json").write_text(json.dumps(description), encoding="utf-8")
    out = StringIO()
    call_command(
        "index_load",
        *(f"--dataset={folder.name}", "--record-id=id", "--subject=email", "--json"),
        *("--unnamed-rows", "--near-duplicates", *words, "--", str(folder)),
        stdout=out,
    )
    return Artifact.objects.get(pk=json.loads(out.getvalue())["artifact_id"])


def records_of(identifier: str) -> list[str]:
    return sorted({r.record_id for r in trace(subject_digest(identifier)).records})


def listed(identifier: str) -> dict[str, float]:
    return {row.record_id: row.similarity for row in duplicates_of(subject_digest(identifier))}


def decide(record: str, decision: str, email: str = ANN) -> None:
    words = (f"--email={email}", f"--record={record}", f"--decision={decision}")
    call_command("duplicates", "decide", *words, stdout=StringIO())


@pytest.mark.parametrize("named_first", [True, False])
def test_an_equal_row_of_nobody_joins_the_records_of_the_only_one_who_said_it(
    tmp_path: Path, named_first: bool
) -> None:
    loads = [
        (tmp_path / "people", [("1", ANN, "My  Straße hurts"), ("2", BOB, "something else")]),
        (tmp_path / "scrape", [("x9", "", "my STRASSE hurts "), ("x8", "", "of nobody known")]),
    ]
    for folder, rows in loads if named_first else reversed(loads):
        load(folder, rows)
    assert records_of(ANN) == ["1", "x9"]
    assert records_of(BOB) == ["2"]
    assert listed(ANN) == {}


def test_a_row_that_two_people_said_is_left_to_an_officer(tmp_path: Path) -> None:
    load(tmp_path / "people", [("1", ANN, "hello there"), ("2", BOB, "hello there")])
    load(tmp_path / "scrape", [("x9", "", "hello there")])
    assert records_of(ANN) == ["1"]
    assert listed(ANN) == {"2": 1.0, "x9": 1.0}
    assert listed(BOB) == {"1": 1.0, "x9": 1.0}


def test_a_near_copy_is_listed_and_never_taken_along(tmp_path: Path) -> None:
    load(
        tmp_path / "people",
        [
            ("1", ANN, STORY),
            # One shingle of 36 differs: no key estimates that as less than 0.8.
            ("2", BOB, STORY.replace("please", "thanks")),
            ("3", BOB, "I would like to see a doctor about something else entirely"),
        ],
    )
    assert records_of(ANN) == ["1"]
    assert list(listed(ANN)) == ["2"]
    assert 0.8 <= listed(ANN)["2"] < 1


def test_a_row_decided_to_be_the_same_persons_is_a_record_of_theirs_wherever_it_comes(
    tmp_path: Path,
) -> None:
    rows = [("1", ANN, "hello there"), ("2", BOB, "hello there"), ("3", BOB, "more")]
    load(tmp_path / "people", rows)
    assert count_undecided(subject_digest(ANN)) == 1
    decide("2", "same_person")
    assert records_of(ANN) == ["1", "2"]
    assert records_of(BOB) == ["2", "3"]
    assert listed(ANN) == {}
    load(tmp_path / "later", rows[1:])
    datasets = {r.dataset_version for r in trace(subject_digest(ANN)).records}
    assert len(datasets) == 2
    [entry] = entries_about("record-index")
    assert entry.payload["decision"] == "same_person"
    assert entry.payload["record"] not in ("2", "")


def test_a_row_decided_to_be_another_persons_stays_listed_and_is_open_no_more(
    tmp_path: Path,
) -> None:
    load(tmp_path / "people", [("1", ANN, "hello there"), ("2", BOB, "hello there")])
    decide("2", "other_person")
    assert records_of(ANN) == ["1"]
    assert [row.decision for row in duplicates_of(subject_digest(ANN))] == ["other_person"]
    assert count_undecided(subject_digest(ANN)) == 0
    assert count_undecided(subject_digest(BOB)) == 1


def test_a_row_of_nobody_decided_to_be_anothers_is_never_taken_along_later(tmp_path: Path) -> None:
    rows = [("1", ANN, "hello there"), ("2", BOB, "hello there"), ("3", "", "hello there")]
    load(tmp_path / "people", rows)
    decide("3", "other_person")
    decide("2", "same_person")
    load(tmp_path / "later", [("4", "", "hello there"), rows[2]])
    assert records_of(ANN) == ["1", "2", "4"]


def test_only_a_row_that_is_listed_can_be_decided_upon(tmp_path: Path) -> None:
    load(tmp_path / "people", [("1", ANN, "hello there"), ("2", BOB, "another")])
    with pytest.raises(CommandError, match="No undecided row"):
        decide("2", "same_person")
    assert not DuplicateDecision.objects.exists()


def test_what_everybody_says_tells_nobody_apart(tmp_path: Path) -> None:
    crowd = [(f"{n}", f"p{n}@example.org", "yes") for n in range(60)]
    load(tmp_path / "people", [*crowd, ("a", ANN, "yes"), ("e", ANN, "")])
    load(tmp_path / "scrape", [("x", "", "yes"), ("y", "", "")])
    assert listed(ANN) == {}
    assert records_of(ANN) == ["a", "e"]


def test_fingerprints_and_decisions_go_with_the_rows(tmp_path: Path) -> None:
    load(tmp_path / "people", [("1", ANN, "hello there"), ("3", BOB, "more")])
    copies = load(tmp_path / "copies", [("2", BOB, "hello there"), ("4", BOB, "others")])
    decide("2", "same_person")
    file = tmp_path / "copies" / "a.jsonl"
    file.write_text(file.read_text("utf-8").splitlines()[1] + "\n", encoding="utf-8")
    record_redaction(dataset_version_id=copies.pk)
    assert records_of(ANN) == ["1"]
    left = RecordFingerprint.objects.values_list("record_id", flat=True)
    assert sorted(left) == ["1", "3", "4"]
    assert not DuplicateDecision.objects.exists()


def test_the_list_says_where_each_row_lies(tmp_path: Path) -> None:
    load(tmp_path / "people", [("1", ANN, "hello there"), ("2", BOB, "hello there")])
    out = StringIO()
    call_command("duplicates", "list", f"--email={ANN}", "--json", stdout=out)
    [row] = json.loads(out.getvalue())["duplicates"]
    assert row == {
        "record_id": "2",
        "datasets": ["people"],
        "named": True,
        "similarity": 1.0,
        "decision": None,
    }
    out = StringIO()
    call_command("duplicates", "list", f"--email={ANN}", stdout=out)
    assert "2 in people: names somebody, similarity 1.00, not decided" in out.getvalue()
