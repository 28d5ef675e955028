"""The page behind the link of the mail with the one-time code."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from deletion_requests.confirmation import confirmation_token
from deletion_requests.models import DeletionRequest, IdentityCheck
from deletion_requests.services import receive_request, send_code
from governance.ledger.selectors import entries_about
from tests.factories import DeletionRequestFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def row() -> DeletionRequest:
    """A request whose code was mailed."""
    received = receive_request(
        regime="gdpr", request_type="erasure", email="kim@example.com", intake_client="officer:ann"
    )
    send_code(request_id=received.pk)
    received.refresh_from_db()
    return received


def mailed() -> tuple[str, str]:
    """The code, and the path of the link, as the data subject reads them."""
    found = re.search(r"code: (\d{6})\n(?s:.*)(/confirm/\S+)\n", str(mail.outbox[-1].body))
    assert found is not None
    return found[1], found[2]


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


def test_the_code_of_the_mail_confirms_behind_the_link_of_the_mail(
    client: Client, row: DeletionRequest
) -> None:
    code, link = mailed()

    asked = client.get(link)
    answer = client.post(link, {"code": f" {code[:3]} {code[3:]} "}, follow=True)

    row.refresh_from_db()
    assert row.state == "verified"
    assert row.reference in asked.content.decode()
    assert "your request is confirmed" in answer.content.decode()
    entry = entries_about(f"request:{row.pk}")[-1]
    assert (entry.kind, entry.actor) == ("request.identity_confirmed", "data subject")


def test_opening_the_link_spends_no_attempt_and_names_nobody(
    client: Client, row: DeletionRequest
) -> None:
    _, link = mailed()

    answers = [client.get(link) for _ in range(7)]

    row.refresh_from_db()
    assert row.state == "identity_pending"
    assert IdentityCheck.objects.get().attempts == 0
    assert "kim@example.com" not in answers[0].content.decode()
    assert "<a " not in answers[0].content.decode()
    assert "no-store" in answers[0]["Cache-Control"]


def test_a_wrong_code_says_how_many_attempts_are_left_until_none_is(
    client: Client, row: DeletionRequest
) -> None:
    code, link = mailed()

    answers = [client.post(link, {"code": wrong(code)}, follow=True) for _ in range(5)]

    pages = [" ".join(answer.content.decode().split()) for answer in answers]
    assert answers[0].status_code == 422
    assert "This is not the code that we sent. 4 attempts are left." in pages[0]
    assert "One attempt is left." in pages[3]
    assert "No code can be entered" in pages[4]
    row.refresh_from_db()
    assert row.state == "expired"
    client.post(link, {"code": code})
    row.refresh_from_db()
    assert row.state == "expired"


def test_a_code_that_is_too_old_ends_the_request(client: Client, row: DeletionRequest) -> None:
    code, link = mailed()
    IdentityCheck.objects.update(expires_at=timezone.now() - timedelta(minutes=1))

    answer = client.post(link, {"code": code}, follow=True)

    row.refresh_from_db()
    assert row.state == "expired"
    assert "No code can be entered" in answer.content.decode()


def test_an_empty_form_is_explained_and_spends_no_attempt(
    client: Client, row: DeletionRequest
) -> None:
    _, link = mailed()

    answer = client.post(link, {"code": " "})

    assert answer.status_code == 422
    assert "Enter the code from the message." in answer.content.decode()
    assert IdentityCheck.objects.get(request=row).attempts == 0


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("received", "A new code for the request"),
        ("executing", "your request is confirmed"),
        ("withdrawn", "has ended"),
        ("closed", "has ended"),
    ],
)
def test_a_request_that_waits_for_no_code_says_why_and_takes_none(
    client: Client, row: DeletionRequest, state: str, words: str
) -> None:
    code, link = mailed()
    confirmed_at = None if state == "received" else timezone.now()
    IdentityCheck.objects.update(confirmed_at=confirmed_at)
    DeletionRequest.objects.update(state=state)

    answer = client.post(link, {"code": code})

    row.refresh_from_db()
    assert words in answer.content.decode()
    assert row.state == state


def test_links_that_this_server_did_not_make_get_one_and_the_same_answer(client: Client) -> None:
    known, code = DeletionRequestFactory.create(state="identity_pending"), "000000"
    good = confirmation_token(known.pk)
    other = confirmation_token(DeletionRequestFactory.build().pk)
    forged = f"{known.pk.hex}.{other.partition('.')[2]}"
    seen = set()
    for token in (forged, good[:-1], known.reference, known.pk.hex, "x", other, "ü.ü"):
        for answer in (
            client.get(f"/confirm/{token}"),
            client.post(f"/confirm/{token}", {"code": code}),
        ):
            assert answer.status_code == 404
            seen.add(answer.content)

    assert len(seen) == 1
    assert IdentityCheck.objects.get(request=known).attempts == 0


def test_a_code_is_taken_only_from_a_page_of_this_server(row: DeletionRequest) -> None:
    code, link = mailed()

    answer = Client(enforce_csrf_checks=True).post(link, {"code": code})

    row.refresh_from_db()
    assert answer.status_code == 403
    assert row.state == "identity_pending"
