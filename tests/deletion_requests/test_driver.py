"""How a request moves on by itself, and where it waits for a person."""

from pathlib import Path

import pytest
from pytest_django import Settings

from deletion_requests.errors import WrongTransitionError
from deletion_requests.models import DeletionRequest, RecordedTrace
from deletion_requests.services import (
    advance_request,
    approve_plan,
    close_with_report,
    deny_request,
    resume_request,
    sweep_requests,
)
from governance.models import OutboxMessage, Role
from governance.sealing import seal
from governance.subjects import subject_digest
from lineage.graph import ArtifactKind
from lineage.models import Artifact, Posting
from lineage.services import rotate_key
from tests.factories import DeletionRequestFactory, OfficerFactory
from tests.people import ANN, record_dataset, write_dataset
from unlearning.models import Job, Plan

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(tmp_path: Path) -> Artifact:
    return record_dataset(write_dataset(tmp_path / "people"))


def verified(email: str) -> DeletionRequest:
    row: DeletionRequest = DeletionRequestFactory.create(
        state="verified", subject_digest=subject_digest(email).value
    )
    return row


def news(topic: str) -> int:
    return OutboxMessage.objects.filter(topic=topic).count()


@pytest.mark.usefixtures("people")
def test_a_known_person_is_traced_and_planned_for() -> None:
    author = OfficerFactory.create()
    request = verified(ANN)

    assert advance_request(request_id=request.pk) == "planned"
    assert advance_request(request_id=request.pk) == "planned"

    plan = Plan.objects.get(case_id=request.pk)
    assert (plan.author, plan.record_ids) == (author, ["C-1"])
    assert RecordedTrace.objects.get(request=request).purpose == "initial"


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("retired", [False, True])
def test_a_request_from_before_another_key_finds_rows_under_the_new_one(
    settings: Settings, *, retired: bool
) -> None:
    OfficerFactory.create()
    request = verified(ANN)
    DeletionRequest.objects.update(sealed_contact=seal(ANN))
    old = settings.SUBJECT_PEPPERS
    settings.SUBJECT_PEPPERS = {**old, request.key_version + 1: b"another pepper"}
    settings.SUBJECT_PEPPER_VERSION = request.key_version + 1
    rotate_key(progress=lambda _: None)
    assert not Posting.objects.filter(subject_digest=request.subject_digest).exists()
    if retired:
        settings.SUBJECT_PEPPERS = {request.key_version + 1: b"another pepper"}

    assert advance_request(request_id=request.pk) == "planned"

    assert Plan.objects.get(case_id=request.pk).record_ids == ["C-1"]


def test_records_that_cannot_be_told_apart_need_a_person(tmp_path: Path) -> None:
    OfficerFactory.create()
    rows = [("7", ANN, "Berlin"), ("7", "bob@example.com", "Lyon")]
    record_dataset(write_dataset(tmp_path / "people", rows))
    request = verified(ANN)

    assert advance_request(request_id=request.pk) == "needs_human"

    request.refresh_from_db()
    assert request.attention.startswith("Give every record an id of its own")
    assert not Plan.objects.exists()


@pytest.mark.usefixtures("people")
def test_nobody_found_in_a_complete_trace_is_reported_as_such() -> None:
    request = verified("stranger@example.com")

    assert advance_request(request_id=request.pk) == "reporting"

    request.refresh_from_db()
    assert request.outcome == "no_match"
    assert news("request.ready_for_report") == 1


@pytest.mark.usefixtures("people")
def test_nobody_found_in_an_incomplete_trace_needs_a_person() -> None:
    Artifact.objects.create(
        kind=ArtifactKind.MODEL, name="legacy-scorer", identity="mlflow-model:m-legacy"
    )
    request = verified("stranger@example.com")

    assert advance_request(request_id=request.pk) == "needs_human"

    request.refresh_from_db()
    assert "incomplete" in request.attention
    assert "legacy-scorer" in request.attention
    denied = deny_request(request_id=request.pk, actor="officer:ann", reason="Not our customer.")
    assert denied.state == "denied"


@pytest.mark.usefixtures("people")
def test_without_a_privacy_officer_a_person_is_needed_and_can_resume() -> None:
    request = verified(ANN)
    assert advance_request(request_id=request.pk) == "needs_human"
    OfficerFactory.create()

    resume_request(request_id=request.pk, actor="officer:ann")
    assert advance_request(request_id=request.pk) == "planned"


@pytest.mark.usefixtures("people")
def test_two_approvals_start_the_work_and_the_sweeper_finds_what_was_lost() -> None:
    author = OfficerFactory.create()
    request = verified(ANN)
    advance_request(request_id=request.pk)
    digest = Plan.objects.get().digest
    approve_plan(request_id=request.pk, officer=author, plan_digest=digest)
    request.refresh_from_db()
    assert request.state == "planned"

    approver = OfficerFactory.create(roles=[Role.APPROVER])
    approve_plan(request_id=request.pk, officer=approver, plan_digest=digest)
    OutboxMessage.objects.all().delete()  # the message that should start the work is lost
    sweep_requests()

    request.refresh_from_db()
    assert request.state == "executing"
    assert Job.objects.count() == 1


def test_two_officers_none_of_them_an_approver_do_not_suffice(people: Artifact) -> None:
    author = OfficerFactory.create()
    request = verified(ANN)
    advance_request(request_id=request.pk)
    digest = Plan.objects.get().digest
    for officer in (author, OfficerFactory.create()):
        approve_plan(request_id=request.pk, officer=officer, plan_digest=digest)

    request.refresh_from_db()
    assert request.state == "planned"
    assert people.state == "current"


def test_a_report_closes_once_and_only_a_request_that_waits_for_it() -> None:
    request: DeletionRequest = DeletionRequestFactory.create(state="reporting")
    other: DeletionRequest = DeletionRequestFactory.create(state="executing")

    for _ in range(2):
        close_with_report(request_id=request.pk, report_id=request.pk)
    with pytest.raises(WrongTransitionError, match="executing"):
        close_with_report(request_id=other.pk, report_id=other.pk)

    request.refresh_from_db()
    assert (request.state, request.outcome) == ("closed", "answered")
    assert request.clock_events.filter(kind="stop").count() == 1
