"""An officer enters a request that reached them outside the API."""

import pytest
from django.test import Client

from deletion_requests.models import DeletionRequest
from governance.models import Role
from tests.factories import OfficerFactory

pytestmark = pytest.mark.django_db


def test_a_request_is_received_and_its_page_opens(client: Client) -> None:
    client.force_login(OfficerFactory.create(username="ann"))

    response = client.post(
        "/requests/new", {"email": "person@example.com", "law": "gdpr:erasure"}, follow=True
    )

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

    response = client.post("/requests/new", {"email": "a@example.com", "law": "lex:erasure"})

    assert response.status_code == 422
    assert "Select one of the listed laws." in response.content.decode()


def test_an_auditor_may_not_enter_requests(client: Client) -> None:
    client.force_login(OfficerFactory.create(roles=[Role.AUDITOR]))

    assert client.get("/requests/new").status_code == 403
