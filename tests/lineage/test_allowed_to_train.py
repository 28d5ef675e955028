"""From recorded terms, choices and redactions to whether a training may start."""

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, transaction
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from governance.errors import InvalidInput
from governance.models import LedgerEntry
from governance.services import issue_api_key
from governance.subjects import subject_digest
from lineage.models import Artifact, Posting, SubjectChoice
from lineage.permission import Choice, Permission
from lineage.selectors import allowed_to_train
from lineage.services import receive_event, record_choice, record_redaction, state_terms
from lineage.services.record_index import load_record_index
from lineage.terms import LegalBasis, Terms, terms_of
from tests.people import ANN, CEM, ROWS, record_dataset, write_dataset

pytestmark = pytest.mark.django_db

FACET = {"_producer": "https://example.org", "_schemaURL": "https://example.org/s.json"}
GOOD = Terms(
    legal_basis=LegalBasis.LEGITIMATE_INTERESTS,
    purposes=("training",),
    retention_until=date(2999, 12, 31),
)


@pytest.fixture
def people(tmp_path: Path) -> Artifact:
    """Four people whose rows may be used."""
    artifact = record_dataset(write_dataset(tmp_path / "people"))
    state_terms(artifact_id=artifact.pk, terms=GOOD, actor="officer:ann")
    return artifact


def ask(*names: str, purpose: str = "training") -> Permission:
    return allowed_to_train(names, purpose=purpose, now=timezone.now())


def rules(permission: Permission) -> dict[str, int]:
    return {refusal.rule: len(refusal.subjects) for refusal in permission.refusals}


def choose(
    email: str, choice: Choice, *, purpose: str = "", chosen_at: datetime | None = None
) -> bool:
    return record_choice(
        identifier=email,
        choice=choice,
        told_by="test",
        purpose=purpose,
        chosen_at=chosen_at,
    )


def test_a_dataset_is_found_by_name_by_identity_and_by_place(people: Artifact) -> None:
    assert ask(people.name, people.identity, people.location, people.location + "/").allowed
    assert rules(ask("persons")) == {"unknown_dataset": 0}


def test_a_version_that_nothing_took_the_place_of_is_not_in_use(people: Artifact) -> None:
    Artifact.objects.filter(pk=people.pk).update(state="destroyed")

    assert rules(ask(people.name)) == {"not_in_use": 0}


def test_an_opt_out_under_any_spelling_of_the_address_refuses_until_it_is_taken_back(
    people: Artifact,
) -> None:
    choose("stranger@example.com", Choice.OPT_OUT)
    assert ask(people.name).allowed

    choose(ANN.upper(), Choice.OPT_OUT)
    assert rules(ask(people.name)) == {"opted_out": 1}

    choose(ANN, Choice.CONSENT)
    assert ask(people.name).allowed


def test_on_consent_everybody_without_one_is_counted(people: Artifact) -> None:
    on_consent = Terms(legal_basis=LegalBasis.CONSENT)
    state_terms(artifact_id=people.pk, terms=on_consent, actor="officer:ann")
    choose(CEM, Choice.CONSENT, purpose="Training")
    choose(ANN, Choice.CONSENT, purpose="billing")

    assert rules(ask(people.name)) == {"no_consent": len(ROWS) - 1}


def test_after_the_key_was_changed_choices_of_strangers_are_unknown_until_they_are_told_again(
    people: Artifact, settings: Settings
) -> None:
    moment = timezone.now()
    choose(ANN, Choice.OPT_OUT)
    choose("stranger@example.com", Choice.OPT_OUT, chosen_at=moment)
    assert rules(ask(people.name)) == {"opted_out": 1}

    version = settings.SUBJECT_PEPPER_VERSION
    settings.SUBJECT_PEPPERS = {**settings.SUBJECT_PEPPERS, version + 1: b"another pepper"}
    settings.SUBJECT_PEPPER_VERSION = version + 1
    Posting.objects.all().delete()
    load_record_index(dataset_version_id=people.pk)
    # Ann's choice came along when her rows were read; whether the other one is somebody's here,
    # nobody can tell.
    assert rules(ask(people.name)) == {"choices_under_another_key": 0, "opted_out": 1}

    choose("new@example.com", Choice.OPT_OUT)
    assert rules(ask(people.name)) == {"choices_under_another_key": 0, "opted_out": 1}
    assert choose("stranger@example.com", Choice.OPT_OUT, chosen_at=moment)
    assert rules(ask(people.name)) == {"opted_out": 1}


def test_rows_that_are_not_read_yet_are_unknown(people: Artifact) -> None:
    Artifact.objects.filter(pk=people.pk).update(indexed_at=None)

    assert rules(ask(people.name)) == {"people_not_known": 0}


def test_rows_that_were_written_since_the_last_reading_are_unknown(
    people: Artifact, tmp_path: Path
) -> None:
    write_dataset(tmp_path / "people")
    assert rules(ask(people.name)) == {"people_not_known": 0}

    load_record_index(dataset_version_id=people.pk)
    assert ask(people.name).allowed


def test_somebody_whose_rows_were_taken_out_is_not_trained_on_when_they_come_back(
    people: Artifact, tmp_path: Path
) -> None:
    write_rows(tmp_path / "people", without="C-1")
    redacted = record_redaction(dataset_version_id=people.pk)

    # The new version inherits the terms, and goes on under the old name.
    assert ask(redacted.name, people.identity, people.name, people.location).allowed

    write_rows(tmp_path / "people", without="C-9")
    load_record_index(dataset_version_id=redacted.pk)
    assert rules(ask(redacted.name)) == {"taken_out_before": 1}

    choose(ANN, Choice.CONSENT)
    assert ask(redacted.name).allowed


def write_rows(directory: Path, *, without: str) -> None:
    """Rewrite the segments in place without one person's rows, as a redaction does."""
    write_dataset(directory)
    for segment in directory.glob("segment-*.csv"):
        lines = segment.read_text().splitlines(keepends=True)
        segment.write_text("".join(line for line in lines if not line.startswith(without)))


def test_a_choice_is_added_once_and_never_touched_again(people: Artifact) -> None:
    assert people.indexed_at
    moment = timezone.now() - timedelta(days=2)
    assert choose(ANN, Choice.OPT_OUT, chosen_at=moment)
    assert not choose(ANN, Choice.OPT_OUT, chosen_at=moment)
    (row,) = SubjectChoice.objects.all()
    assert bytes(row.subject_digest) == subject_digest(ANN).value
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        SubjectChoice.objects.update(choice="consent")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        SubjectChoice.objects.all().delete()
    with pytest.raises(InvalidInput, match="future"):
        choose(ANN, Choice.OPT_OUT, chosen_at=timezone.now() + timedelta(days=1))
    with pytest.raises(InvalidInput, match="without a comma"):
        choose(ANN, Choice.OPT_OUT, purpose="a,b")


def announce(name: str, terms: Mapping[str, object]) -> tuple[str, ...]:
    body = {
        "eventTime": timezone.now().isoformat(),
        "producer": "https://example.org/pipeline",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/DatasetEvent",
        "dataset": {
            "namespace": "shop",
            "name": name,
            "facets": {"vestige_terms": {**FACET, **terms}},
        },
    }
    return receive_event(event=body).warnings


def test_terms_come_with_the_event_of_a_dataset_and_an_officers_word_counts_first() -> None:
    told = {"legalBasis": "consent", "purposes": ["training"], "retentionUntil": "2027-05-31"}
    assert announce("customers", told) == ()
    artifact = Artifact.objects.get(name="customers")
    assert terms_of(artifact.attributes).legal_basis is LegalBasis.CONSENT

    longer = Terms(retention_until=date(2028, 1, 1))
    holding = state_terms(artifact_id=artifact.pk, terms=longer, actor="officer:ann")
    announce("customers", {**told, "retentionUntil": "2026-01-01"})

    artifact.refresh_from_db()
    assert terms_of(artifact.attributes) == holding
    assert (holding.legal_basis, holding.retention_until) == (LegalBasis.CONSENT, date(2028, 1, 1))
    entry = LedgerEntry.objects.get(kind="terms.stated")
    assert entry.payload["stated"] == {"retentionUntil": "2028-01-01"}


def test_an_unusable_term_is_warned_of_and_left_out() -> None:
    (warning,) = announce("customers", {"legalBasis": "because", "purposes": ["training"]})

    assert warning.endswith(
        "/facets/vestige_terms/legalBasis: unusable; it must be one of consent, contract, "
        "legal_obligation, vital_interests, public_task, legitimate_interests."
    )
    artifact = Artifact.objects.get(name="customers")
    assert terms_of(artifact.attributes) == Terms(purposes=("training",))


def run(command: str, *words: str) -> str:
    out = StringIO()
    call_command(command, *words, stdout=out)
    return out.getvalue()


def test_the_command_exits_0_or_1_and_names_no_person(people: Artifact) -> None:
    assert run("allowed_to_train", people.name) == "Allowed for training.\n"

    assert run("choice", "opt_out", "--email", ANN) == "Recorded.\n"
    out = StringIO()
    with pytest.raises(SystemExit) as refused:
        call_command("allowed_to_train", people.name, stdout=out)
    assert refused.value.code == 1
    assert "1 person with rows in people v1 opted out of training." in out.getvalue()
    assert ANN not in out.getvalue()
    assert "C-1" not in out.getvalue()

    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("allowed_to_train", people.name, "--records", "--json", stdout=out)
    (refusal,) = json.loads(out.getvalue())["refusals"]
    assert (refusal["people"], refusal["record_ids"]) == (1, ["C-1"])


def test_terms_are_shown_and_stated_by_command(people: Artifact) -> None:
    assert "legal basis: legitimate_interests" in run("terms", people.name)
    told = run("terms", str(people.pk), "--basis", "contract", "--purpose", "Fraud", "--json")
    assert json.loads(told) == {
        "artifact_id": people.pk,
        "name": people.name,
        "legalBasis": "contract",
        "purposes": ["fraud"],
        "retentionUntil": "2999-12-31",
    }
    with pytest.raises(CommandError, match="No artifact is named nothing"):
        run("terms", "nothing")
    with pytest.raises(CommandError, match="must be a day like"):
        run("terms", people.name, "--until", "soon")
    with pytest.raises(CommandError, match="does not say in which time zone"):
        run("choice", "consent", "--email", ANN, "--at", "2026-11-25T09:00:00")


@pytest.fixture
def client() -> Callable[[str], APIClient]:
    def of(scope: str) -> APIClient:
        _, key = issue_api_key(name=scope, scopes=[scope])
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
        return client

    return of


def test_a_pipeline_asks_and_a_form_tells_over_http(
    people: Artifact, client: Callable[[str], APIClient]
) -> None:
    pipeline, form = client("lineage:read"), client("choices:write")
    question = {"datasets": [people.name]}
    choice = {
        "subject": {"email": ANN},
        "choice": "opt_out",
        "purpose": "training",
        "chosen_at": "2026-11-01T10:00:00Z",
    }

    answer = pipeline.post("/api/v1/lineage/allowed-to-train", question, format="json")
    assert (answer.status_code, answer.json()["allowed"]) == (200, True)

    path = "/api/v1/lineage/choices"
    assert form.post(path, choice, format="json").status_code == 201
    assert form.post(path, choice, format="json").status_code == 200

    answer = pipeline.post("/api/v1/lineage/allowed-to-train", question, format="json").json()
    (refusal,) = answer["refusals"]
    assert (answer["allowed"], refusal["rule"], refusal["people"]) == (False, "opted_out", 1)
    assert "record_ids" not in refusal
    asked = question | {"records": True}
    answer = pipeline.post("/api/v1/lineage/allowed-to-train", asked, format="json").json()
    assert answer["refusals"][0]["record_ids"] == ["C-1"]
    assert SubjectChoice.objects.get().told_by == "client:choices:write"


@pytest.mark.parametrize(
    ("path", "body", "pointer"),
    [
        ("allowed-to-train", {}, "/datasets"),
        ("allowed-to-train", {"datasets": []}, "/datasets"),
        ("allowed-to-train", {"datasets": [3]}, "/datasets/0"),
        ("allowed-to-train", {"datasets": ["a"], "purpose": "a,b"}, "/purpose"),
        ("allowed-to-train", {"datasets": ["a"], "names": []}, "/names"),
        ("choices", {"subject": {"email": ANN}, "choice": "maybe"}, "/choice"),
        ("choices", {"subject": {"email": "ann"}, "choice": "consent"}, "/subject/email"),
        (
            "choices",
            {"subject": {"email": ANN}, "choice": "consent", "chosen_at": "2999-01-01T00:00:00Z"},
            "/chosen_at",
        ),
    ],
)
def test_bad_input_is_refused_by_field_and_nothing_is_kept(
    client: Callable[[str], APIClient], path: str, body: dict[str, object], pointer: str
) -> None:
    scope = "choices:write" if path == "choices" else "lineage:read"
    answer = client(scope).post(f"/api/v1/lineage/{path}", body, format="json")

    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert not SubjectChoice.objects.exists()


def test_a_key_of_another_scope_may_do_neither(client: Callable[[str], APIClient]) -> None:
    capture = client("lineage:write")
    for path in ("allowed-to-train", "choices"):
        assert capture.post(f"/api/v1/lineage/{path}", {}, format="json").status_code == 403
