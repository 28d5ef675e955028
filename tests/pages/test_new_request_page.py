"""An officer enters a request that reached them outside the API."""

import re
from uuid import uuid4

import pytest
from django.test import Client

from deletion_requests.models import DeletionRequest
from governance.models import Role
from tests.factories import OfficerFactory

pytestmark = pytest.mark.django_db


def answers(*, email: str = "person@example.com", copy: str = "") -> dict[str, str]:
    return {"email": email, "law": "gdpr:erasure", "copy": copy or str(uuid4())}


def copy_in(page: str) -> str:
    """The name of the copy of the form that a page shows."""
    found = re.search(r'name="copy" value="([0-9a-f-]{36})"', page)
    assert found is not None
    return found[1]


def test_a_request_is_received_and_its_page_opens(client: Client) -> None:
    client.force_login(OfficerFactory.create(username="ann"))

    response = client.post("/requests/new", answers(), follow=True)

    received = DeletionRequest.objects.get()
    assert received.intake_client == "officer:ann"
    page = response.content.decode()
    assert f"Request {received.reference} is received" in page
    assert "person@example.com" not in page


def test_each_wrong_field_is_named_and_linked(client: Client) -> None:
    client.force_login(OfficerFactory.create())

    response = client.post("/requests/new", {"email": "no address"})

    page = response.content.decode()
    assert response.status_code == 422
    assert '<a href="#id_email">Enter an e-mail address in the form' in page
    assert '<a href="#id_law_0">Select which law applies.</a>' in page
    assert not DeletionRequest.objects.exists()


def test_an_unknown_law_is_refused(client: Client) -> None:
    client.force_login(OfficerFactory.create())

    response = client.post("/requests/new", answers() | {"law": "lex:erasure"})

    assert response.status_code == 422
    assert "Select one of the listed laws." in response.content.decode()


def test_an_auditor_may_not_enter_requests(client: Client) -> None:
    client.force_login(OfficerFactory.create(roles=[Role.AUDITOR]))

    assert client.get("/requests/new").status_code == 403


def test_a_form_that_is_sent_twice_enters_one_request(client: Client) -> None:
    client.force_login(OfficerFactory.create())
    copy = copy_in(client.get("/requests/new").content.decode())

    first = client.post("/requests/new", answers(copy=copy))
    second = client.post("/requests/new", answers(copy=copy))

    assert second["Location"] == first["Location"]
    assert DeletionRequest.objects.count() == 1


def test_every_copy_of_the_form_enters_a_request_of_its_own(client: Client) -> None:
    client.force_login(OfficerFactory.create())

    for _ in range(2):
        copy = copy_in(client.get("/requests/new").content.decode())
        client.post("/requests/new", answers(copy=copy))

    assert DeletionRequest.objects.count() == 2


def test_a_form_sent_again_with_other_answers_asks_before_it_enters_another(
    client: Client,
) -> None:
    client.force_login(OfficerFactory.create())
    copy = copy_in(client.get("/requests/new").content.decode())
    client.post("/requests/new", answers(copy=copy))

    asked = client.post("/requests/new", answers(email="other@example.com", copy=copy))
    page = asked.content.decode()
    assert asked.status_code == 422
    assert "This form was sent before with other answers" in page
    assert DeletionRequest.objects.count() == 1

    client.post("/requests/new", answers(email="other@example.com", copy=copy_in(page)))
    assert DeletionRequest.objects.count() == 2


def test_a_form_that_no_page_gave_out_is_refused_in_words(client: Client) -> None:
    client.force_login(OfficerFactory.create())

    answer = client.post("/requests/new", answers(copy="mine"))

    assert answer.status_code == 422
    assert "Load this page again" in answer.content.decode()
    assert not DeletionRequest.objects.exists()
