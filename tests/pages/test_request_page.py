"""The page of one request: what it shows, who may approve, how progress reaches it."""

import uuid
from datetime import UTC, datetime

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from deletion_requests.models import Approval, DeletionRequest, RecordedTrace
from governance.models import Role
from tests.factories import ArtifactFactory, OfficerFactory, planned_request, signed_report
from unlearning.models import Plan, PlanStep

pytestmark = pytest.mark.django_db


def page_of(client: Client, request: DeletionRequest) -> str:
    response = client.get(f"/requests/{request.pk}/")
    assert response.status_code == 200
    return response.content.decode()


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
    assert 'aria-label="Model income-sisa v1"' in page
    assert "sealed" not in page


def test_officers_see_every_place_at_which_files_change(client: Client) -> None:
    request = planned_request()
    PlanStep.objects.filter(plan__case_id=request.pk, ordinal=2).update(
        places=["file:///data/cache", "s3://bucket/cache"]
    )
    client.force_login(OfficerFactory.create())

    page = page_of(client, request)

    assert "<code>file:///data/cache</code>" in page
    assert "<code>s3://bucket/cache</code>" in page


def test_an_incomplete_trace_shows_its_gap_and_remedy(client: Client) -> None:
    request = planned_request(complete=False)
    client.force_login(OfficerFactory.create())

    page = page_of(client, request)

    assert "Not complete" in page
    assert "legacy-scorer v3" in page
    assert "mlflow.log_input" in page


def test_what_evidence_kept_out_of_the_trace_is_shown_with_the_reason(client: Client) -> None:
    request = planned_request()
    trace = RecordedTrace.objects.get(request=request)
    cache = ArtifactFactory.create(kind="cache", name="empty-cache v1")
    trace.impact["blocked"] = [
        {
            "upstream": trace.impact["affected"][1]["path"][-1],
            "downstream": {"id": cache.pk, "name": cache.name, "kind": cache.kind},
            "relation": "cached_in",
            "evidence": "record_index",
        }
    ]
    client.force_login(OfficerFactory.create())

    # Traces of earlier versions tell nothing of it.
    assert "Not reached" not in page_of(client, request)
    trace.save()
    page = " ".join(page_of(client, request).split())

    assert f'<a href="/lineage/{cache.pk}/">empty-cache v1</a> is a cache of ' in page
    assert "; every row of it was read." in page


def test_an_auditor_reads_everything_but_cannot_approve(client: Client) -> None:
    request = planned_request()
    client.force_login(OfficerFactory.create(roles=[Role.AUDITOR]))

    page = page_of(client, request)
    answer = approve(client, request)

    assert "Approve this plan" not in page
    assert "Only a privacy officer or an approver may approve a plan." in page
    assert "You may not open this" in answer
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


def test_times_are_those_of_the_organisation_and_named(client: Client) -> None:
    request = planned_request()
    DeletionRequest.objects.filter(pk=request.pk).update(
        received_at=datetime(2026, 7, 3, 9, 30, tzinfo=UTC)
    )
    client.force_login(OfficerFactory.create())

    page = page_of(client, request)

    assert "3 Jul 2026, 11:30 CEST" in page
    assert "Europe/Berlin" in page
