"""Signing in and out."""

import pytest
from django.test import Client

from tests.factories import PASSWORD, OfficerFactory

pytestmark = pytest.mark.django_db


def test_the_right_password_opens_the_queue(client: Client) -> None:
    officer = OfficerFactory.create()

    response = client.post("/login", {"username": officer.username, "password": PASSWORD})

    assert response.status_code == 302
    assert response["Location"] == "/requests/"


def test_a_wrong_password_does_not_tell_which_half_is_wrong(client: Client) -> None:
    officer = OfficerFactory.create()

    known = client.post("/login", {"username": officer.username, "password": "wrong"})
    unknown = client.post("/login", {"username": "nobody", "password": "wrong"})

    sentence = "The user name and password do not match an active account."
    assert sentence in known.content.decode()
    assert sentence in unknown.content.decode()


def test_repeated_failures_lock_the_account(client: Client) -> None:
    officer = OfficerFactory.create()

    answers = [
        client.post("/login", {"username": officer.username, "password": "wrong"}).status_code
        for _ in range(5)
    ]
    locked = client.post("/login", {"username": officer.username, "password": PASSWORD})

    assert answers[0] == 200
    assert locked.status_code == 429
    assert "Too many attempts" in locked.content.decode()


def test_an_empty_form_names_both_fields(client: Client) -> None:
    page = client.post("/login", {}).content.decode()

    assert 'href="#id_username"' in page
    assert 'href="#id_password"' in page


def test_signing_out_needs_a_post(client: Client) -> None:
    client.force_login(OfficerFactory.create())

    assert client.get("/logout").status_code == 405
    assert client.post("/logout").status_code == 302
    assert client.get("/requests/").status_code == 302
