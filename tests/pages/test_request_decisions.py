"""What people decide on the page of a request: going on, denying, withdrawing."""

from datetime import UTC, datetime

import pytest
from django.test import Client

from deletion_requests.models import DeletionRequest
from governance.models import Role, User
from tests.factories import (
    DeletionRequestFactory,
    JobFactory,
    OfficerFactory,
    planned_request,
)
from unlearning.models import JobState, Plan

pytestmark = pytest.mark.django_db


def page_of(client: Client, request: DeletionRequest) -> str:
    response = client.get(f"/requests/{request.pk}/")
    assert response.status_code == 200
    return response.content.decode()


def stuck_request(author: User | None = None) -> DeletionRequest:
    request = planned_request(author=author, state="needs_human")
    request.attention = "Nobody knows how to treat this model."
    request.save()
    return request


def test_a_privacy_officer_lets_a_stuck_request_go_on(client: Client) -> None:
    officer = OfficerFactory.create(username="ann")
    request = stuck_request(officer)
    client.force_login(officer)

    assert "Go on with this request" in page_of(client, request)
    answer = client.post(f"/requests/{request.pk}/resume", follow=True).content.decode()

    request.refresh_from_db()
    assert request.state == "verified"
    assert f"{request.reference} goes on." in answer


def test_an_approver_sees_who_may_let_a_stuck_request_go_on(client: Client) -> None:
    request = stuck_request()
    client.force_login(OfficerFactory.create(roles=[Role.APPROVER]))

    page = page_of(client, request)
    refused = client.post(f"/requests/{request.pk}/resume")

    assert "Go on with this request" not in page
    assert "Only a privacy officer may decide how a request goes on." in page
    assert refused.status_code == 403


def test_a_request_that_is_not_stuck_does_not_go_on_twice(client: Client) -> None:
    request = planned_request()
    client.force_login(OfficerFactory.create())

    client.post(f"/requests/{request.pk}/resume", follow=True)

    request.refresh_from_db()
    assert request.state == "planned"


def test_a_privacy_officer_denies_a_stuck_request_for_a_reason(client: Client) -> None:
    request = stuck_request()
    client.force_login(OfficerFactory.create())

    unsaid = client.post(f"/requests/{request.pk}/deny", {"reason": " "}, follow=True)
    request.refresh_from_db()
    assert "Enter the reason for denying the request." in unsaid.content.decode()
    assert request.state == "needs_human"

    said = client.post(f"/requests/{request.pk}/deny", {"reason": "Answered before."}, follow=True)
    request.refresh_from_db()
    assert request.state == "denied"
    assert "Answered before." in said.content.decode()


def test_only_a_request_that_waits_for_a_person_is_denied(client: Client) -> None:
    request = planned_request()
    client.force_login(OfficerFactory.create())

    client.post(f"/requests/{request.pk}/deny", {"reason": "Answered before."}, follow=True)

    request.refresh_from_db()
    assert request.state == "planned"


def test_work_that_has_begun_rules_a_denial_out(client: Client) -> None:
    request = stuck_request()
    Plan.objects.filter(case_id=request.pk).update(started_at=datetime.now(UTC))
    client.force_login(OfficerFactory.create())

    page = page_of(client, request)
    client.post(f"/requests/{request.pk}/deny", {"reason": "Answered before."}, follow=True)

    request.refresh_from_db()
    assert "Deny this request" not in page
    assert "Going on repeats the failed jobs." in page
    assert request.state == "needs_human"


def test_a_code_that_could_not_be_mailed_is_mailed_again_and_the_page_says_so(
    client: Client,
) -> None:
    request = DeletionRequestFactory.create(state="needs_human", identity=None)
    DeletionRequest.objects.filter(pk=request.pk).update(attention="The code was not mailed.")
    client.force_login(OfficerFactory.create())

    page = " ".join(page_of(client, request).split())

    assert "Going on mails the one-time code to the data subject again." in page
    assert 'aria-current="step"> <span>Received' in page
    assert "(done)" not in page


def test_a_report_that_failed_is_written_again_and_no_failed_job_is_promised(
    client: Client,
) -> None:
    request = stuck_request()
    now = datetime.now(UTC)
    Plan.objects.filter(case_id=request.pk).update(started_at=now, settled_at=now)
    client.force_login(OfficerFactory.create())

    page = " ".join(page_of(client, request).split())

    assert "Going on repeats no step." in page
    assert "failed jobs" not in page
    assert 'aria-current="step"> <span>Report' in page


def stuck_job(request: DeletionRequest, *, purpose: str) -> None:
    plan = Plan.objects.get(case_id=request.pk)
    Plan.objects.filter(pk=plan.pk).update(started_at=datetime.now(UTC))
    step = plan.steps.first() if purpose == "step" else None
    JobFactory.create(plan=plan, step=step, purpose=purpose, state=JobState.NEEDS_HUMAN)


def test_an_engineer_repeats_failed_jobs(client: Client) -> None:
    request = stuck_request()
    stuck_job(request, purpose="step")
    client.force_login(OfficerFactory.create(roles=[Role.ML_ENGINEER]))

    assert "Going on repeats the failed jobs." in page_of(client, request)
    answer = client.post(f"/requests/{request.pk}/resume", follow=True).content.decode()

    request.refresh_from_db()
    assert f"{request.reference} goes on." in answer
    assert request.state == "executing"


def test_an_engineer_may_not_let_versions_serve_that_failed_a_check(client: Client) -> None:
    request = stuck_request()
    stuck_job(request, purpose="promotion")
    client.force_login(OfficerFactory.create(roles=[Role.ML_ENGINEER]))

    page = page_of(client, request)
    client.post(f"/requests/{request.pk}/resume", follow=True)

    request.refresh_from_db()
    assert "Go on with this request" not in page
    assert "Only a privacy officer may decide how a request goes on." in page
    assert request.state == "needs_human"


def test_a_decision_about_failed_checks_says_what_is_accepted(client: Client) -> None:
    request = stuck_request()
    stuck_job(request, purpose="promotion")
    client.force_login(OfficerFactory.create())

    assert "you accept that it serves" in page_of(client, request)


def test_a_privacy_officer_withdraws_a_request_for_the_data_subject(client: Client) -> None:
    request = planned_request()
    client.force_login(OfficerFactory.create())

    assert "Withdraw this request" in page_of(client, request)
    client.post(f"/requests/{request.pk}/withdraw", follow=True)

    request.refresh_from_db()
    assert request.state == "withdrawn"
    assert "Withdraw this request" not in page_of(client, request)
