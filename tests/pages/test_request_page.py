"""The page of one request: what it shows, who may approve, how progress reaches it."""

import uuid
from datetime import UTC, datetime

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from deletion_requests.models import Approval, DeletionRequest
from governance.models import Role, User
from tests.factories import OfficerFactory, planned_request, signed_report
from unlearning.models import Plan

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


def approve(client: Client, request: DeletionRequest, *, digest: str | None = None) -> str:
    plan = Plan.objects.get(case_id=request.pk)
    response = client.post(
        f"/requests/{request.pk}/approve",
        {"plan_digest": plan.digest if digest is None else digest},
        follow=True,
    )
    return response.content.decode()


def test_the_page_shows_trace_plan_and_what_happens_next(client: Client) -> None:
    request = planned_request()
    client.force_login(OfficerFactory.create())

    page = page_of(client, request)

    assert request.reference in page
    assert "Two different officers" in page
    assert "income-monolithic v1" in page
    assert "Approximate</span>" in page
    assert "Suppression</span>" in page
    assert 'aria-label="Checkpoint income-sisa v1"' in page
    assert "sealed" not in page


def test_an_incomplete_trace_shows_its_gap_and_remedy(client: Client) -> None:
    request = planned_request(complete=False)
    client.force_login(OfficerFactory.create())

    page = page_of(client, request)

    assert "Not complete" in page
    assert "legacy-scorer v3" in page
    assert "mlflow.log_input" in page


def test_an_auditor_reads_everything_but_cannot_approve(client: Client) -> None:
    request = planned_request()
    client.force_login(OfficerFactory.create(roles=[Role.AUDITOR]))

    page = page_of(client, request)
    answer = approve(client, request)

    assert "Approve this plan" not in page
    assert "Only a privacy officer or an approver may approve a plan." in answer
    assert not Approval.objects.exists()


def test_an_approval_is_recorded_once_per_person(client: Client) -> None:
    request = planned_request()
    client.force_login(OfficerFactory.create(username="ann"))

    first = approve(client, request)
    second = approve(client, request)

    assert "Your approval" in first
    assert "You have approved this plan already" in second
    assert Approval.objects.count() == 1


def test_two_officers_send_the_plan_to_work(client: Client) -> None:
    author = OfficerFactory.create()
    request = planned_request(author=author)
    client.force_login(author)
    approve(client, request)
    client.force_login(OfficerFactory.create(roles=[Role.APPROVER]))

    page = approve(client, request)

    request.refresh_from_db()
    assert request.state == "approved"
    assert "2 of 2" in page


def test_a_plan_that_changed_meanwhile_is_not_approved(client: Client) -> None:
    request = planned_request()
    client.force_login(OfficerFactory.create())

    answer = approve(client, request, digest="0" * 64)

    assert "its digest differs" in answer
    assert not Approval.objects.exists()


def test_approving_needs_a_form_from_this_server() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(OfficerFactory.create())

    response = client.post(f"/requests/{planned_request().pk}/approve", {"plan_digest": "x"})

    assert response.status_code == 403
    assert "The form has expired" in response.content.decode()


def test_progress_comes_as_a_fragment_while_the_state_stays(client: Client) -> None:
    request = planned_request(state="executing")
    client.force_login(OfficerFactory.create())

    response = client.get(f"/requests/{request.pk}/progress", {"state": "executing"})

    page = response.content.decode()
    assert "<html" not in page
    assert "Retrain from a clean ancestor" in page


def test_progress_asks_for_a_new_page_once_the_state_moved_on(client: Client) -> None:
    request = planned_request(state="verifying")
    client.force_login(OfficerFactory.create())

    response = client.get(f"/requests/{request.pk}/progress", {"state": "executing"})

    assert response["HX-Refresh"] == "true"


def test_an_unknown_request_is_not_found(client: Client) -> None:
    client.force_login(OfficerFactory.create())

    assert client.get(f"/requests/{uuid.uuid4()}/").status_code == 404


def test_the_page_takes_at_most_twenty_queries(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    request = planned_request(state="executing")
    client.force_login(OfficerFactory.create())

    with django_assert_max_num_queries(20):
        page_of(client, request)


def test_a_strict_policy_covers_the_page(client: Client) -> None:
    client.force_login(OfficerFactory.create())

    response = client.get(f"/requests/{planned_request().pk}/")

    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_a_closed_request_leads_to_its_report(client: Client) -> None:
    report = signed_report()
    DeletionRequest.objects.filter(pk=report.request_id).update(state="closed", report_id=report.pk)
    client.force_login(OfficerFactory.create())

    page = page_of(client, DeletionRequest.objects.get(pk=report.request_id))

    assert f'href="/requests/{report.request_id}/report"' in page


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
    assert "A privacy officer can decide." in page
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
    assert "you accept that it serves" in page
    assert request.state == "needs_human"
