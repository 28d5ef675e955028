"""The table of acts: for every role, page, API and button say the same."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.test import Client
from rest_framework.test import APIClient

from deletion_requests.models import DeletionRequest
from governance.acts import PERMISSIONS, Act, may, refusal
from governance.models import Role, User
from tests.factories import (
    DeletionRequestFactory,
    JobFactory,
    OfficerFactory,
    planned_request,
    signed_report,
)
from tests.pages.duplicates import with_a_duplicate
from tests.pages.examples import waiting_for_recipients
from unlearning.models import JobState, Plan

pytestmark = pytest.mark.django_db

#: The whole table once more, as people would say it; a change of a right must change this too.
EXPECTED = {
    Role.PRIVACY_OFFICER: set(Act),
    Role.APPROVER: {
        Act.READ_REQUESTS, Act.APPROVE_PLAN, Act.READ_LINEAGE, Act.READ_JOBS, Act.READ_EVIDENCE,
        Act.READ_REPORT, Act.READ_LEDGER,
    },
    Role.ML_ENGINEER: {
        Act.READ_REQUESTS, Act.RESUME_JOBS, Act.READ_LINEAGE, Act.READ_JOBS, Act.READ_EVIDENCE,
    },
    Role.AUDITOR: {
        Act.READ_REQUESTS, Act.READ_LINEAGE, Act.READ_JOBS, Act.READ_EVIDENCE, Act.READ_REPORT,
        Act.READ_LEDGER,
    },
    Role.ADMINISTRATOR: {
        Act.READ_REQUESTS, Act.ENTER_REQUEST, Act.READ_LINEAGE, Act.READ_JOBS, Act.READ_EVIDENCE,
        Act.READ_REPORT, Act.READ_LEDGER,
    },
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Ways:
    """The ways to one act; each in its own terms, empty where there is none."""

    #: Makes the request that the act is about.
    scene: Callable[[], DeletionRequest]
    #: Page to open or form to send, with ``{id}`` for the request.
    page: str
    sends: bool = False
    #: Address of the API.
    api: str = ""
    #: Page and what stands on it for those who may.
    shown_on: str = ""
    shows: str = ""


def waiting() -> DeletionRequest:
    row: DeletionRequest = DeletionRequestFactory.create(state="needs_human")
    DeletionRequest.objects.filter(pk=row.pk).update(attention="Somebody must look at this.")
    return row


def stuck(purpose: str) -> DeletionRequest:
    request = planned_request(state="needs_human")
    DeletionRequest.objects.filter(pk=request.pk).update(attention="A job failed.")
    plan = Plan.objects.get(case_id=request.pk)
    Plan.objects.filter(pk=plan.pk).update(started_at=request.received_at)
    step = plan.steps.first() if purpose == "step" else None
    JobFactory.create(plan=plan, step=step, purpose=purpose, state=JobState.NEEDS_HUMAN)
    return request


def reported() -> DeletionRequest:
    report = signed_report()
    DeletionRequest.objects.filter(pk=report.request_id).update(report_id=report.pk)
    return DeletionRequest.objects.get(pk=report.request_id)


DECISION = {"record": "x-17", "decision": "other_person"}
REQUEST = "/requests/{id}/"
API = "/api/v1/requests/{id}"
WAYS: dict[Act, Ways] = {
    Act.READ_REQUESTS: Ways(
        scene=planned_request, page=REQUEST, api=API, shown_on=REQUEST, shows='href="/requests/"'
    ),
    Act.ENTER_REQUEST: Ways(
        scene=planned_request, page="/requests/new", shown_on="/requests/", shows="/requests/new"
    ),
    Act.WITHDRAW_REQUEST: Ways(
        scene=planned_request,
        page=f"{REQUEST}withdraw",
        sends=True,
        api=f"{API}/withdrawal",
        shown_on=REQUEST,
        shows="Withdraw this request",
    ),
    Act.DENY_REQUEST: Ways(
        scene=waiting,
        page=f"{REQUEST}deny",
        sends=True,
        shown_on=REQUEST,
        shows="Deny this request",
    ),
    Act.RESUME_REQUEST: Ways(
        scene=lambda: stuck("promotion"),
        page=f"{REQUEST}resume",
        sends=True,
        api=f"{API}/resumption",
        shown_on=REQUEST,
        shows="Go on with this request",
    ),
    Act.RESUME_JOBS: Ways(
        scene=lambda: stuck("step"),
        page=f"{REQUEST}resume",
        sends=True,
        api=f"{API}/resumption",
        shown_on=REQUEST,
        shows="Go on with this request",
    ),
    Act.APPROVE_PLAN: Ways(
        scene=planned_request,
        page=f"{REQUEST}approve",
        sends=True,
        api=f"{API}/approvals",
        shown_on=REQUEST,
        shows="Approve this plan",
    ),
    Act.DECIDE_DUPLICATES: Ways(
        scene=with_a_duplicate,
        page=f"{REQUEST}duplicates",
        sends=True,
        api=f"{API}/duplicates",
        shown_on=REQUEST,
        shows="Of another person",
    ),
    Act.MANAGE_RECIPIENTS: Ways(
        scene=waiting_for_recipients,
        page=f"{REQUEST}partial-report",
        sends=True,
        api=f"{API}/partial-report",
        shown_on=REQUEST,
        shows="Report as partly done",
    ),
    Act.READ_LINEAGE: Ways(
        scene=planned_request, page="/lineage/", shown_on="/requests/", shows='href="/lineage/"'
    ),
    Act.READ_JOBS: Ways(
        scene=planned_request, page="/jobs/", shown_on="/requests/", shows='href="/jobs/"'
    ),
    Act.READ_EVIDENCE: Ways(scene=planned_request, page=f"{REQUEST}evidence"),
    Act.READ_REPORT: Ways(
        scene=reported,
        page=f"{REQUEST}report",
        api=f"{API}/report",
        shown_on=REQUEST,
        shows="Read the report",
    ),
    Act.READ_LEDGER: Ways(
        scene=planned_request, page="/ledger/", shown_on="/requests/", shows='href="/ledger/"'
    ),
}


def somebody(role: Role) -> User:
    return OfficerFactory.create(roles=[role])


@pytest.mark.parametrize("role", Role)
def test_the_table_says_what_was_agreed(role: Role) -> None:
    officer = somebody(role)

    assert {act for act in Act if may(officer, act)} == EXPECTED[role]


@pytest.mark.parametrize("act", Act)
@pytest.mark.parametrize("role", Role)
def test_page_api_and_button_agree(act: Act, role: Role) -> None:
    ways = WAYS[act]
    allowed = role in PERMISSIONS[act].roles
    officer = somebody(role)
    # Each way finds a scene of its own: an act that succeeds changes it.
    assert shown(ways, officer) is (allowed or not ways.shows)
    assert passes_api(ways, officer) is (allowed or not ways.api)
    assert passes_page(act, ways, officer) is allowed


def test_a_refusal_names_who_may(client: Client) -> None:
    client.force_login(somebody(Role.AUDITOR))

    answer = client.get("/requests/new")

    assert answer.status_code == 403
    assert refusal(Act.ENTER_REQUEST) in answer.content.decode()


@pytest.mark.parametrize("act", Act)
def test_without_a_role_nothing_is_allowed(act: Act) -> None:
    gone = OfficerFactory.create(roles=list(Role), is_active=False)

    assert not may(OfficerFactory.create(roles=[]), act)
    assert not may(gone, act)


def shown(ways: Ways, officer: User) -> bool:
    if not ways.shows:
        return True
    client = Client()
    client.force_login(officer)
    answer = client.get(ways.shown_on.format(id=ways.scene().pk))
    assert answer.status_code == 200
    return ways.shows in answer.content.decode()


def passes_api(ways: Ways, officer: User) -> bool:
    if not ways.api:
        return True
    client = APIClient()
    client.force_login(officer)
    request = ways.scene()
    path = ways.api.format(id=request.pk)
    plan = Plan.objects.filter(case_id=request.pk).first()
    body = {}
    if ways.api.endswith("approvals") and plan:
        body = {"plan_digest": plan.digest}
    elif ways.api.endswith("duplicates"):
        body = DECISION
    elif ways.api.endswith("partial-report"):
        body = {"reason": "It was reminded twice."}
    answer = client.post(path, body) if ways.sends else client.get(path)
    assert answer.status_code in {200, 201, 403}, answer.content
    return answer.status_code != 403


def passes_page(act: Act, ways: Ways, officer: User) -> bool:
    """Whether the page answers, and whether a form that was sent had its effect."""
    client = Client()
    client.force_login(officer)
    request = ways.scene()
    path = ways.page.format(id=request.pk)
    if not ways.sends:
        answer = client.get(path)
        assert answer.status_code in {200, 403}
        return answer.status_code == 200
    plan = Plan.objects.filter(case_id=request.pk).first()
    before = DeletionRequest.objects.get(pk=request.pk).state
    said = "It was answered before."
    data = {
        "plan_digest": plan.digest if plan else "",
        "reason": said,
        "sentence": said,
        **DECISION,
    }
    assert client.post(path, data).status_code in {302, 403}
    after = DeletionRequest.objects.get(pk=request.pk)
    return after.approvals.exists() if act is Act.APPROVE_PLAN else after.state != before
