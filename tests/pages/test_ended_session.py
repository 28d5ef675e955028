"""What an officer meets whose session has ended while a page stood open."""

import pytest
from django.test import Client

from deletion_requests.models import Approval
from tests.factories import PASSWORD, OfficerFactory, planned_request
from tests.pages.conftest import Visit, sign_in_at
from tests.pages.examples import furnished
from unlearning.models import Job, JobState

ACTS = ("approve", "resume", "deny", "withdraw", "partial-report")


@pytest.mark.django_db
@pytest.mark.parametrize("act", ACTS)
def test_a_button_leads_through_the_sign_in_page_back_to_its_request(
    client: Client, act: str
) -> None:
    officer = OfficerFactory.create()
    request = planned_request()

    turned_away = client.post(f"/requests/{request.pk}/{act}", follow=True)
    sent_back = client.post(
        turned_away.request["PATH_INFO"],
        {
            "username": officer.username,
            "password": PASSWORD,
            "next": turned_away.context["next"],
        },
        follow=True,
    )

    assert "You were signed out, so nothing was done." in turned_away.content.decode()
    assert sent_back.status_code == 200
    assert sent_back.request["PATH_INFO"] == f"/requests/{request.pk}/"
    assert not Approval.objects.exists()


@pytest.mark.django_db
def test_a_form_page_leads_back_to_itself(client: Client) -> None:
    answer = client.post("/requests/new", {"email": "person@example.com"})

    assert answer["Location"] == "/login?next=/requests/new"


@pytest.mark.django_db
def test_a_button_on_a_recipient_leads_back_to_its_request(client: Client) -> None:
    request = planned_request()

    answer = client.post(f"/requests/{request.pk}/recipients/{request.pk}/reminder")

    assert answer["Location"] == f"/login?next=/requests/{request.pk}/"


@pytest.mark.django_db
def test_the_sign_in_page_is_never_given_to_a_poll(client: Client) -> None:
    request = planned_request(state="executing")
    furnished()
    job = Job.objects.filter(state=JobState.RUNNING).latest("created_at")

    for path in (f"/requests/{request.pk}/progress", f"/jobs/{job.pk}/progress", "/jobs/table"):
        answer = client.get(path, headers={"HX-Request": "true"})
        assert answer["HX-Refresh"] == "true"
        assert answer.content == b""


@pytest.mark.django_db
def test_an_address_that_takes_buttons_only_says_so_in_the_house_style(client: Client) -> None:
    client.force_login(OfficerFactory.create())

    answer = client.get(f"/requests/{planned_request().pk}/approve")

    assert answer.status_code == 405
    assert answer["Allow"] == "POST"
    assert "This address is not a page" in answer.content.decode()


@pytest.mark.django_db(transaction=True)
def test_an_open_page_that_polls_goes_to_the_sign_in_page_and_back(visit: Visit) -> None:
    officer = OfficerFactory.create()
    furnished()
    sign_in_at(visit.page, officer)
    visit.open("/jobs/?state=running")

    visit.page.context.clear_cookies(name="sessionid")

    visit.page.wait_for_url("**/login?next=**")
    assert visit.page.locator("h1").count() == 1
    visit.page.get_by_label("User name").fill(officer.username)
    visit.page.get_by_label("Password").fill(PASSWORD)
    visit.page.get_by_role("button", name="Sign in").click()
    visit.page.wait_for_url("**/jobs/?state=running")
    assert visit.complaints == []
