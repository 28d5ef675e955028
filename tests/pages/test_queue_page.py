"""The queue: who sees it, what its filters do, what it says when it is empty."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from governance.models import Role
from tests.factories import DeletionRequestFactory, OfficerFactory
from tests.pages.examples import furnished

pytestmark = pytest.mark.django_db


def test_a_stranger_is_sent_to_the_sign_in_page(client: Client) -> None:
    response = client.get("/requests/")

    assert response.status_code == 302
    assert response["Location"] == "/login?next=/requests/"


def test_a_user_without_a_role_is_refused(client: Client) -> None:
    client.force_login(OfficerFactory.create(roles=[]))

    response = client.get("/requests/")

    assert response.status_code == 403
    assert "You may not open this" in response.content.decode()


def test_an_empty_queue_says_how_requests_arrive(client: Client) -> None:
    client.force_login(OfficerFactory.create())

    response = client.get("/requests/")

    assert "No requests yet" in response.content.decode()


def test_an_auditor_sees_the_queue_but_is_offered_no_intake(client: Client) -> None:
    request = DeletionRequestFactory.create()
    client.force_login(OfficerFactory.create(roles=[Role.AUDITOR]))

    page = client.get("/requests/").content.decode()

    assert request.reference in page
    assert 'class="button" href="/requests/new"' not in page


def test_filters_stand_in_the_address(client: Client) -> None:
    waiting = DeletionRequestFactory.create(state="planned")
    running = DeletionRequestFactory.create(state="executing")
    client.force_login(OfficerFactory.create())

    page = client.get("/requests/", {"state": "planned"}).content.decode()

    assert waiting.reference in page
    assert running.reference not in page
    assert '<option value="planned" selected' in " ".join(page.split())


def test_overdue_leaves_out_what_is_in_time_and_what_is_closed(client: Client) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=90)
    late = DeletionRequestFactory.create(received_at=long_ago, state="planned")
    closed = DeletionRequestFactory.create(received_at=long_ago, state="closed")
    fresh = DeletionRequestFactory.create()
    client.force_login(OfficerFactory.create())

    page = client.get("/requests/", {"overdue": "1"}).content.decode()

    assert late.reference in page
    assert "overdue</span>" in page
    assert closed.reference not in page
    assert fresh.reference not in page


def test_filters_that_match_nothing_offer_a_way_back(client: Client) -> None:
    client.force_login(OfficerFactory.create())

    page = client.get("/requests/", {"reference": "VR-1999"}).content.decode()

    assert "No request matches these filters" in page


def test_the_root_leads_to_the_queue(client: Client) -> None:
    assert client.get("/")["Location"] == reverse("queue")


def test_a_page_that_does_not_exist_says_so_in_the_house_style(client: Client) -> None:
    response = client.get("/no-such-page")

    assert response.status_code == 404
    assert "There is nothing here" in response.content.decode()


def test_open_requests_come_before_closed_ones(client: Client) -> None:
    closed = DeletionRequestFactory.create(state="closed")
    waiting = DeletionRequestFactory.create(state="planned")
    client.force_login(OfficerFactory.create())

    page = client.get("/requests/").content.decode()

    assert page.index(waiting.reference) < page.index(closed.reference)


def test_what_is_overdue_is_counted_in_the_zone_of_each_request(client: Client) -> None:
    # These zones lie 26 hours apart: what is due today in the one is late in the other.
    today = datetime.now(ZoneInfo("Etc/GMT+12")).date()
    here = DeletionRequestFactory.create(zone="Etc/GMT+12", due_on=today)
    there = DeletionRequestFactory.create(zone="Etc/GMT-14", due_on=today)
    client.force_login(OfficerFactory.create())

    page = client.get("/requests/", {"overdue": "1"}).content.decode()

    assert there.reference in page
    assert here.reference not in page


def test_a_long_queue_has_pages_that_keep_the_filters(client: Client) -> None:
    closed = DeletionRequestFactory.create(state="closed")
    DeletionRequestFactory.create_batch(60, state="planned")
    client.force_login(OfficerFactory.create())

    first = client.get("/requests/").content.decode()
    beyond = client.get("/requests/", {"page": "2"}).content.decode()
    kept = client.get("/requests/", {"state": "planned"}).content.decode()

    assert "61 requests" in first
    assert "Page 1 of 2" in first
    assert closed.reference not in first
    assert closed.reference in beyond
    assert "state=planned&amp;page=2" in kept


@pytest.mark.parametrize(
    "path",
    [
        "/requests/?reference=%00&state=%00&overdue=%00&page=%00",
        "/ledger/?request=%00&page=%00",
        "/lineage/?text=%00&kind=%00&state=%00&page=%00",
        "/jobs/?state=%00&page=%00",
        "/jobs/table?state=%00",
    ],
)
def test_a_filter_that_the_database_cannot_take_is_no_error(client: Client, path: str) -> None:
    client.force_login(OfficerFactory.create())

    assert client.get(path).status_code == 200


def test_the_queue_asks_few_questions_however_long_it_is(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    furnished()
    DeletionRequestFactory.create_batch(20)
    client.force_login(OfficerFactory.create())

    with django_assert_max_num_queries(12):
        client.get("/requests/")
