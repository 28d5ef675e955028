"""The pages in a real browser: signing in, approving, following progress, on wide and narrow."""

import pytest

from deletion_requests.models import Approval, ClockEvent, DeletionRequest
from governance.models import Role, User
from tests.factories import (
    EvidenceFactory,
    JobFactory,
    OfficerFactory,
    planned_request,
    signed_report,
)
from tests.pages.conftest import Visit, sign_in_at
from tests.pages.examples import furnished
from tests.pages.tour import stops
from unlearning.models import Job, JobState, PlanStep

pytestmark = pytest.mark.django_db(transaction=True)

WIDTHS = (1280, 375)

#: Resolves once the element has scrolled. The page waits for itself: playwright's own waiting hands
#: text to ``eval`` again and again, which the site's content security policy rightly forbids.
SCROLLED_SIDEWAYS = """element => new Promise((resolve, reject) => {
    const look = () => element.scrollLeft > 0 ? resolve() : requestAnimationFrame(look);
    setTimeout(() => reject(new Error("The drawing was not scrolled.")), 10000);
    look();
})"""


def sign_in(visit: Visit, officer: User) -> None:
    sign_in_at(visit.page, officer)


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


def test_what_a_reader_opened_and_focused_stays_so_while_the_plan_moves_on(visit: Visit) -> None:
    planned_request(state="executing")
    step = PlanStep.objects.get(ordinal=2)
    sign_in(visit, OfficerFactory.create())
    visit.open(f"/requests/{step.plan.case_id}/")
    details = visit.page.locator("#step-2 details")
    details.locator("summary").focus()
    visit.page.keyboard.press("Enter")

    PlanStep.objects.filter(ordinal=1).update(reason="The worker has a new reason.")
    EvidenceFactory.create(step=step, summary="Something was found meanwhile.")
    visit.page.get_by_text("The worker has a new reason.").wait_for()
    visit.page.get_by_text("Something was found meanwhile.").wait_for()

    assert details.evaluate("box => box.open") is True
    assert details.evaluate("box => document.activeElement === box.querySelector('summary')")
    assert visit.complaints == []


def test_focus_stays_on_a_job_while_a_new_one_comes_above_it(visit: Visit) -> None:
    furnished()
    sign_in(visit, OfficerFactory.create(roles=[Role.ML_ENGINEER]))
    visit.open("/jobs/?state=running")
    link = visit.page.locator("#jobs th a").first
    link.focus()
    address = link.get_attribute("href")

    JobFactory.create(state=JobState.RUNNING, message="just begun")
    visit.page.get_by_text("just begun").wait_for()

    assert visit.page.evaluate("document.activeElement.getAttribute('href')") == address
    assert visit.complaints == []


def test_a_poll_that_fails_leaves_the_page_as_it_was(visit: Visit) -> None:
    request = planned_request(state="executing")
    sign_in(visit, OfficerFactory.create())
    visit.page.route("**/progress?*", lambda route: route.fulfill(status=500, body="<h1>500</h1>"))
    visit.open(f"/requests/{request.pk}/")

    with visit.page.expect_response("**/progress?*"):
        pass
    with visit.page.expect_response("**/progress?*"):
        pass

    assert visit.page.locator("h1").count() == 1
    assert visit.page.locator("#step-1").count() == 1


def test_the_list_of_jobs_follows_the_workers_without_a_reload(visit: Visit) -> None:
    furnished()
    sign_in(visit, OfficerFactory.create(roles=[Role.ML_ENGINEER]))
    visit.open("/jobs/?state=running")
    visit.page.evaluate("window.sameDocument = true")

    Job.objects.filter(state=JobState.RUNNING).update(message="epoch 11 of 12")
    visit.page.get_by_text("epoch 11 of 12").first.wait_for()
    assert visit.page.evaluate("window.sameDocument") is True
    assert visit.complaints == []


def test_a_wide_drawing_is_read_on_a_narrow_screen_with_the_keyboard(visit: Visit) -> None:
    house = furnished()
    sign_in(visit, house.officer)
    visit.page.set_viewport_size({"width": 375, "height": 800})
    visit.open(f"/requests/{house.requests['planned'].pk}/")
    drawing = visit.page.get_by_role("region", name="Drawing of the trace")

    drawing.focus()
    for _ in range(5):
        visit.page.keyboard.press("ArrowRight")
    drawing.evaluate(SCROLLED_SIDEWAYS)

    assert visit.overflow() <= 0
    text = drawing.locator("text").nth(1)
    assert text.evaluate("element => element.getBoundingClientRect().height") >= 10


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
    house = furnished()
    acknowledged(house.requests["planned"])
    visit.page.set_viewport_size({"width": width, "height": 800})
    sign_in(visit, house.officer)
    for stop in stops(house):
        visit.open(stop.path)
        assert visit.overflow() <= 0, stop.name
        assert visit.page.locator("h1").count() == 1, stop.name
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
