"""What fails on the machine's way: counted, paused, and handed to a person; never for ever."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import DataError, InterfaceError, OperationalError
from django.utils import timezone

from deletion_requests import tasks
from deletion_requests.models import DeletionRequest, RecipientNotice, RecordedTrace
from deletion_requests.selectors import request_view
from deletion_requests.services import (
    advance_request,
    approve_plan,
    attempt_request,
    give_up_report,
    notify_recipient,
    receive_request,
    resume_request,
    send_letter,
    sweep_requests,
)
from governance.errors import StaleState
from governance.ledger.selectors import entries_about
from governance.models import Role
from governance.subjects import subject_digest
from tests.deletion_requests.recipients import LAKESIDE, case_with, deliver, settle
from tests.factories import DeletionRequestFactory, OfficerFactory
from tests.people import ANN, record_dataset, write_dataset
from unlearning.models import Plan

pytestmark = pytest.mark.django_db

OFFICER = "officer:ann"


@pytest.fixture
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deletion_requests.services.attempts.pause_after", lambda _: timedelta(0))


def failing(error: Exception) -> Callable[..., None]:
    def fail(*_args: object, **_named: object) -> None:
        raise error

    return fail


def request_in(state: str) -> DeletionRequest:
    row: DeletionRequest = DeletionRequestFactory.create(state=state)
    return row


def failures(request: DeletionRequest) -> int:
    about = entries_about(f"request:{request.pk}")
    return sum(entry.kind == "request.attempt_failed" for entry in about)


def sweep(times: int, request: DeletionRequest) -> str:
    for _ in range(times):
        sweep_requests()
    request.refresh_from_db()
    return request.state


@pytest.mark.usefixtures("no_pause")
@pytest.mark.parametrize("state", ["approved", "executing", "verifying", "partly_done"])
def test_a_request_that_cannot_go_on_lands_with_a_person(state: str) -> None:
    request = request_in(state)

    assert sweep(5, request) == "needs_human"
    assert failures(request) == settings.JOB_MAX_ATTEMPTS
    assert "could not be carried on in 3 attempts" in request.attention
    assert "has no plan" in request.attention


@pytest.mark.usefixtures("no_pause")
def test_a_failing_trace_is_told_of_without_the_words_of_a_foreign_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fail = failing(DataError(f"value too long: {ANN}"))
    monkeypatch.setattr("deletion_requests.services.driver.impact_of", fail)
    request = request_in("verified")

    assert sweep(5, request) == "needs_human"
    assert "there is a defect (DataError)" in request.attention
    entries = entries_about(f"request:{request.pk}")
    assert ANN not in f"{request.attention}{[entry.payload for entry in entries]}"


def test_after_a_failure_the_request_is_left_in_peace_for_a_while() -> None:
    request = request_in("executing")

    assert sweep(3, request) == "executing"
    tasks.advance_request(str(request.pk))
    assert failures(request) == 1


@pytest.mark.usefixtures("no_pause")
def test_news_of_a_request_counts_its_failures_as_the_sweeper_does() -> None:
    request = request_in("executing")

    for _ in range(settings.JOB_MAX_ATTEMPTS):
        tasks.advance(str(request.pk))
    request.refresh_from_db()
    assert request.state == "needs_human"


@pytest.mark.usefixtures("no_pause")
@pytest.mark.parametrize("error", [OperationalError("away"), InterfaceError("away"), StaleState()])
def test_an_outage_or_a_race_is_no_attempt(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr("deletion_requests.services.driver.impact_of", failing(error))
    request = request_in("verified")

    assert sweep(5, request) == "verified"
    assert failures(request) == 0


@pytest.mark.usefixtures("no_pause")
def test_one_stuck_request_holds_up_no_other_one(tmp_path: Path) -> None:
    OfficerFactory.create()
    record_dataset(write_dataset(tmp_path / "people"))
    stuck = request_in("executing")
    other = DeletionRequestFactory.create(
        state="verified", subject_digest=subject_digest(ANN).value
    )

    assert sweep(1, other) == "planned"
    assert sweep(0, stuck) == "executing"


@pytest.mark.usefixtures("no_pause")
def test_an_approved_request_that_could_not_begin_is_planned_and_approved_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    author = OfficerFactory.create()
    record_dataset(write_dataset(tmp_path / "people"))
    request = DeletionRequestFactory.create(
        state="verified", subject_digest=subject_digest(ANN).value
    )
    advance_request(request_id=request.pk)
    plan = Plan.objects.get()
    for officer in (author, OfficerFactory.create(roles=[Role.APPROVER])):
        approve_plan(request_id=request.pk, officer=officer, plan_digest=plan.digest)
    with monkeypatch.context() as broken:
        fail = failing(ValueError("defect"))
        broken.setattr("deletion_requests.services.starting.work_under_way_on", fail)
        assert sweep(5, request) == "needs_human"

    resume_request(request_id=request.pk, actor=OFFICER)
    assert sweep(2, request) == "planned"
    assert Plan.objects.filter(started_at=None).count() == 2
    assert request_view(request.pk).approvals == ()


@pytest.mark.usefixtures("no_pause")
def test_a_request_stuck_while_it_waits_for_recipients_waits_again_when_resumed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    case = case_with(LAKESIDE)
    settle(case)
    advance_request(request_id=case.request.pk)
    assert case.state() == "partly_done"
    with monkeypatch.context() as broken:
        fail = failing(ValueError("defect"))
        broken.setattr("deletion_requests.services.driver.await_recipients", fail)
        for _ in range(settings.JOB_MAX_ATTEMPTS):
            attempt_request(request_id=case.request.pk)
    assert case.state() == "needs_human"

    resume_request(request_id=case.request.pk, actor=OFFICER)
    deliver()
    assert case.state() == "partly_done"


@pytest.mark.usefixtures("no_pause")
def test_after_a_resumption_the_count_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deletion_requests.services.driver.impact_of", failing(KeyError("defect")))
    request = request_in("verified")
    assert sweep(settings.JOB_MAX_ATTEMPTS, request) == "needs_human"
    resume_request(request_id=request.pk, actor=OFFICER)

    assert sweep(settings.JOB_MAX_ATTEMPTS - 1, request) == "verified"
    assert sweep(1, request) == "needs_human"


@pytest.mark.usefixtures("no_pause")
def test_a_code_that_cannot_be_sent_for_another_cause_than_mail_needs_a_person_too() -> None:
    request = receive_request(
        regime="gdpr", request_type="erasure", email=ANN, intake_client="client:portal"
    )
    DeletionRequest.objects.update(regime="withdrawn-law")

    assert sweep(5, request) == "needs_human"
    assert "The one-time code could not be mailed in 3 attempts" in request.attention


def test_a_letter_that_cannot_be_written_is_given_up_after_some_attempts() -> None:
    case = case_with(LAKESIDE)
    notify_recipient(plan_id=case.plan.pk, step_id=case.steps[0].pk)
    RecordedTrace.objects.all().delete()
    for _ in range(5):
        send_letter(notice_id=case.notice().pk)
        RecipientNotice.objects.update(tried_at=timezone.now() - timedelta(hours=1))

    assert (case.notice().state, case.notice().due_mail) == ("failed", "")
    assert case.notice().attempts == settings.JOB_MAX_ATTEMPTS
    assert "there is a defect (DoesNotExist)" in case.notice().error
    assert not case.notice().tokens.exists(), "no link was written into a letter"


def test_a_letter_is_not_counted_while_the_database_is_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    case = case_with(LAKESIDE)
    notify_recipient(plan_id=case.plan.pk, step_id=case.steps[0].pk)
    fail = failing(OperationalError("away"))
    monkeypatch.setattr("deletion_requests.services.letters.copied_records", fail)

    with pytest.raises(OperationalError):
        send_letter(notice_id=case.notice().pk)
    assert case.notice().attempts == 0


def test_a_trace_that_is_repeated_forgets_that_nothing_was_found() -> None:
    request = DeletionRequestFactory.create(state="reporting", outcome="no_match")
    give_up_report(request_id=request.pk, sentence="The folder of exports cannot be used.")
    resume_request(request_id=request.pk, actor=OFFICER)

    request.refresh_from_db()
    assert (request.state, request.outcome) == ("verified", "")
