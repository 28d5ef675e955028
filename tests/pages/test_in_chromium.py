"""The pages in a real browser: signing in, approving, following progress, on wide and narrow."""

import pytest

from deletion_requests.models import Approval, ClockEvent, DeletionRequest
from governance.models import Role, User
from tests.factories import PASSWORD, OfficerFactory, planned_request, signed_report
from tests.pages.conftest import Visit
from unlearning.models import PlanStep

pytestmark = pytest.mark.django_db(transaction=True)

WIDTHS = (1280, 375)


def sign_in(visit: Visit, officer: User) -> None:
    visit.open("/login")
    visit.page.get_by_label("User name").fill(officer.username)
    visit.page.get_by_label("Password").fill(PASSWORD)
    visit.page.get_by_role("button", name="Sign in").click()
    visit.page.wait_for_url("**/requests/")


def acknowledged(request: DeletionRequest) -> None:
    """Add the clock event with the longest name."""
    ClockEvent.objects.create(
        request=request,
        kind="acknowledge",
        occurred_at=request.received_at,
        rule="gdpr-erasure@1",
        note="Receipt acknowledged by mail.",
    )


def test_an_officer_signs_in_opens_a_request_and_approves(visit: Visit) -> None:
    officer = OfficerFactory.create(roles=[Role.APPROVER])
    request = planned_request(complete=False)
    sign_in(visit, officer)

    visit.page.get_by_role("link", name=request.reference).click()
    visit.page.get_by_role("button", name="Approve this plan").click()

    visit.page.get_by_text(f"Your approval of {request.reference} is recorded.").wait_for()
    assert Approval.objects.get().officer == officer
    assert visit.page.get_by_role("button", name="Approve this plan").count() == 0
    assert visit.complaints == []


def test_a_running_plan_follows_its_workers_without_a_reload(visit: Visit) -> None:
    request = planned_request(state="executing")
    sign_in(visit, OfficerFactory.create())
    visit.open(f"/requests/{request.pk}/")
    visit.page.evaluate("window.sameDocument = true")

    PlanStep.objects.filter(ordinal=1).update(reason="The worker has a new reason.")
    visit.page.get_by_text("The worker has a new reason.").wait_for()
    assert visit.page.evaluate("window.sameDocument") is True

    request.state = "verifying"
    request.save()
    visit.page.get_by_text("The results are tested before anything new goes live.").wait_for()
    assert visit.complaints == []


def test_a_privacy_officer_sends_a_stuck_request_on(visit: Visit) -> None:
    officer = OfficerFactory.create()
    request = planned_request(author=officer, state="needs_human")
    DeletionRequest.objects.filter(pk=request.pk).update(attention="Two models lack a recipe.")
    sign_in(visit, officer)
    visit.open(f"/requests/{request.pk}/")

    visit.page.get_by_role("button", name="Go on with this request").click()

    visit.page.get_by_text(f"{request.reference} goes on.").wait_for()
    assert visit.complaints == []


def test_a_box_of_the_drawing_leads_to_its_row(visit: Visit) -> None:
    request = planned_request()
    sign_in(visit, OfficerFactory.create())
    visit.open(f"/requests/{request.pk}/")

    visit.page.get_by_role("link", name="Product income-service").press("Enter")

    row = visit.page.locator("tr:target")
    assert "income-service" in (row.text_content() or "")


def test_the_error_summary_leads_to_the_field(visit: Visit) -> None:
    sign_in(visit, OfficerFactory.create())
    visit.open("/requests/new")
    visit.page.get_by_role("button", name="Send the one-time code").click()

    visit.page.get_by_role("link", name="Enter the e-mail address").click()

    assert visit.page.evaluate("document.activeElement.id") == "id_email"


@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_is_wider_than_its_window(visit: Visit, width: int) -> None:
    officer = OfficerFactory.create(roles=[Role.PRIVACY_OFFICER, Role.APPROVER])
    request = planned_request(author=officer, complete=False)
    acknowledged(request)
    report = signed_report()
    visit.page.set_viewport_size({"width": width, "height": 800})
    visit.open("/login")
    visit.picture(f"login-{width}")
    sign_in(visit, officer)
    pages = {
        "queue": "/requests/",
        "new": "/requests/new",
        "request": f"/requests/{request.pk}/",
        "report": f"/requests/{report.request_id}/report",
    }
    for name, path in pages.items():
        visit.open(path)
        visit.picture(f"{name}-{width}")
        assert visit.overflow() <= 0, name
        assert visit.page.locator("h1").count() == 1, name
    assert visit.complaints == []


def test_the_report_page_carries_its_own_style_under_the_strict_policy(visit: Visit) -> None:
    report = signed_report()
    sign_in(visit, OfficerFactory.create())

    visit.open(f"/requests/{report.request_id}/report")

    headline = visit.page.locator(".r-headline")
    assert report.document["headline"] in (headline.text_content() or "")
    border = headline.evaluate("element => getComputedStyle(element).borderInlineStartWidth")
    assert border == "6px"
    assert visit.complaints == []
