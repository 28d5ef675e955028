"""The one-time code: mailed once, compared, limited."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.core import mail
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from deletion_requests.models import ClockEvent, DeletionRequest, IdentityCheck
from deletion_requests.services import (
    advance_request,
    confirm_identity,
    deny_request,
    receive_request,
    resume_request,
    send_code,
    sweep_requests,
)
from deletion_requests.services.identity import expire_check
from governance.models import LedgerEntry, OutboxMessage

pytestmark = pytest.mark.django_db


@pytest.fixture
def waiting(db: None) -> DeletionRequest:  # noqa: ARG001 - it is a row
    row = receive_request(
        regime="gdpr",
        request_type="erasure",
        email="ann@example.com",
        intake_client="client:portal",
    )
    send_code(request_id=row.pk)
    row.refresh_from_db()
    return row


def code() -> str:
    found = re.search(r"code: (\d{6})", str(mail.outbox[0].body))
    assert found is not None
    return found[1]


def wrong() -> str:
    return f"{(int(code()) + 1) % 10**6:06d}"


def url(request: DeletionRequest, what: str = "identity") -> str:
    return f"/api/v1/requests/{request.pk}/{what}"


def test_the_code_goes_to_the_contact_address_and_is_not_stored(waiting: DeletionRequest) -> None:
    assert waiting.state == "identity_pending"
    assert mail.outbox[0].to == ["ann@example.com"]
    assert waiting.reference in mail.outbox[0].subject
    assert code().encode() not in bytes(IdentityCheck.objects.get().code_digest)
    assert ClockEvent.objects.filter(request=waiting, kind="acknowledge").count() == 1


def test_sending_is_repeatable_and_a_lost_mail_is_sent_with_the_same_code(
    waiting: DeletionRequest,
) -> None:
    send_code(request_id=waiting.pk)
    assert len(mail.outbox) == 1

    # A worker that died before its commit leaves the request as it was.
    DeletionRequest.objects.update(state="received")
    send_code(request_id=waiting.pk)
    assert len(mail.outbox) == 2
    assert code() in mail.outbox[1].body


def test_the_right_code_confirms_and_sets_the_work_going(
    portal: APIClient, waiting: DeletionRequest
) -> None:
    response = portal.post(url(waiting), {"code": code()})

    assert (response.status_code, response.json()["state"]) == (200, "verified")
    assert IdentityCheck.objects.get().confirmed_at is not None
    assert OutboxMessage.objects.filter(topic="request.verified").count() == 1


def test_a_wrong_code_names_the_field_and_the_attempts_left(
    portal: APIClient, waiting: DeletionRequest
) -> None:
    response = portal.post(url(waiting), {"code": wrong()})

    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == "/code"
    assert "4 attempts" in response.json()["errors"][0]["detail"]
    assert IdentityCheck.objects.get().attempts == 1


def test_five_wrong_codes_end_the_request_even_for_the_right_one(
    portal: APIClient, waiting: DeletionRequest
) -> None:
    for _ in range(5):
        portal.post(url(waiting), {"code": wrong()})
    late = portal.post(url(waiting), {"code": code()})

    waiting.refresh_from_db()
    assert (waiting.state, waiting.outcome) == ("expired", "identity_not_confirmed")
    assert late.status_code == 409
    assert "expired" in late.json()["detail"]
    assert "identity_confirmed" in late.json()["detail"]


def test_a_code_that_is_too_old_ends_the_request(
    portal: APIClient, waiting: DeletionRequest
) -> None:
    IdentityCheck.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    assert portal.post(url(waiting), {"code": code()}).status_code == 422
    waiting.refresh_from_db()
    assert waiting.state == "expired"


def test_a_code_that_nobody_enters_ends_the_request(waiting: DeletionRequest) -> None:
    sweep_requests()
    waiting.refresh_from_db()
    assert waiting.state == "identity_pending", "the code may still be used"

    IdentityCheck.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    for _ in range(2):
        sweep_requests()

    waiting.refresh_from_db()
    assert (waiting.state, waiting.outcome) == ("expired", "identity_not_confirmed")
    assert waiting.closed_at is not None
    assert ClockEvent.objects.filter(request=waiting, kind="stop").count() == 1
    (entry,) = LedgerEntry.objects.filter(kind="request.identity_failed")
    assert (entry.actor, entry.payload["note"]) == ("system", "Nobody entered the code in time.")
    assert OutboxMessage.objects.filter(topic="request.expired").count() == 1


def test_a_request_confirmed_at_the_last_moment_is_not_ended(waiting: DeletionRequest) -> None:
    confirm_identity(request_id=waiting.pk, code=code(), actor="client:portal")
    IdentityCheck.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    expire_check(request_id=waiting.pk)

    waiting.refresh_from_db()
    assert waiting.state == "verified"


@pytest.mark.parametrize("given", ["12345", "1234567", "abcdef", 123456, None])
def test_something_that_is_no_code_costs_no_attempt(
    portal: APIClient, waiting: DeletionRequest, given: object
) -> None:
    response = portal.post(url(waiting), {"code": given})

    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == "/code"
    assert IdentityCheck.objects.get().attempts == 0


def test_a_known_and_an_unknown_person_get_the_same_answers(portal: APIClient) -> None:
    seen = []
    for email in ("ann@example.com", "stranger@example.com"):
        intake = portal.post(
            "/api/v1/requests",
            {"regime": "gdpr", "request_type": "erasure", "subject": {"email": email}},
        )
        row = DeletionRequest.objects.get(pk=intake.json()["id"])
        send_code(request_id=row.pk)
        found = re.search(r"code: (\d{6})", str(mail.outbox[-1].body))
        assert found is not None
        identity = portal.post(url(row), {"code": found[1]})
        seen.append((intake.status_code, set(intake.json()), identity.status_code))
    assert seen[0] == seen[1]


def test_a_request_can_be_withdrawn_once(portal: APIClient, waiting: DeletionRequest) -> None:
    first = portal.post(url(waiting, "withdrawal"), {})
    second = portal.post(url(waiting, "withdrawal"), {})

    assert (first.status_code, first.json()["state"]) == (200, "withdrawn")
    assert second.status_code == 409
    assert "'withdrawn'" in second.json()["detail"]
    assert "'withdrawal'" in second.json()["detail"]


@pytest.fixture
def unmailed(db: None, settings: Settings, tmp_path: Path) -> DeletionRequest:  # noqa: ARG001 - it is a row
    """A request that arrived while no mail can be sent."""
    (tmp_path / "file").write_text("")
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path / "file" / "mail"
    return receive_request(
        regime="gdpr",
        request_type="erasure",
        email="ann@example.com",
        intake_client="client:portal",
    )


def attempts() -> int:
    return LedgerEntry.objects.filter(kind="request.code_failed").count()


def give_up_on(request: DeletionRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deletion_requests.services.attempts.pause_after", lambda _: timedelta(0))
    for _ in range(5):
        sweep_requests()
    request.refresh_from_db()


def test_a_mail_server_that_fails_is_left_in_peace_for_a_while(unmailed: DeletionRequest) -> None:
    for _ in range(3):
        sweep_requests()

    unmailed.refresh_from_db()
    assert (unmailed.state, attempts()) == ("received", 1)
    assert not IdentityCheck.objects.exists()


def test_after_some_attempts_a_person_is_asked_and_nothing_tried_any_more(
    unmailed: DeletionRequest, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_up_on(unmailed, monkeypatch)

    assert (unmailed.state, attempts()) == ("needs_human", settings.JOB_MAX_ATTEMPTS)
    assert "could not be mailed in 3 attempts" in unmailed.attention
    assert "ann@example.com" not in str(list(LedgerEntry.objects.values("payload")))


def test_a_person_cannot_get_a_request_past_its_code(
    unmailed: DeletionRequest, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_up_on(unmailed, monkeypatch)
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    monkeypatch.undo()
    resume_request(request_id=unmailed.pk, actor="officer:ann")
    assert advance_request(request_id=unmailed.pk) == "received"
    sweep_requests()

    unmailed.refresh_from_db()
    assert unmailed.state == "identity_pending", "resumed at once, without the pause of before"
    assert mail.outbox[0].to == ["ann@example.com"]


def test_a_request_whose_code_cannot_be_mailed_may_be_denied(
    unmailed: DeletionRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_up_on(unmailed, monkeypatch)
    row = deny_request(request_id=unmailed.pk, actor="officer:ann", reason="No such address.")
    assert row.state == "denied"


def test_a_contact_sealed_with_another_key_needs_a_person(
    unmailed: DeletionRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    DeletionRequest.objects.update(sealed_contact=b"x" * 40)
    give_up_on(unmailed, monkeypatch)

    assert unmailed.state == "needs_human"
    assert "another key" in unmailed.attention
