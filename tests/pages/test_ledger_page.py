"""The ledger: its entries by page and by request, its signed head, the key that signs it."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from governance.ledger.checkpoint import read_checkpoint
from governance.ledger.selectors import head
from governance.ledger.services import append_entry
from governance.models import Role
from governance.signing import key_id
from tests.factories import DeletionRequestFactory, OfficerFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def auditor(client: Client) -> Client:
    client.force_login(OfficerFactory.create(roles=[Role.AUDITOR]))
    return client


def text_of(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def entry(reference: str, note: str = "") -> None:
    append_entry(
        kind="request.received", actor="client:portal", reference=reference, payload={"note": note}
    )


def test_an_empty_ledger_says_what_will_be_in_it(auditor: Client) -> None:
    assert "The ledger is empty" in text_of(auditor, "/ledger/")


def test_entries_name_what_happened_by_whom_and_to_which_request(auditor: Client) -> None:
    request = DeletionRequestFactory.create()
    entry(f"request:{request.pk}", "Under GDPR.")
    entry("client:8c1f")

    page = text_of(auditor, "/ledger/")

    assert "Request received" in page
    assert "the API client “portal”" in page
    assert f">{request.reference}</a>" in page
    assert "client:8c1f" in page
    assert head().root.hex() in page


def test_the_ledger_of_one_request(auditor: Client) -> None:
    one, other = DeletionRequestFactory.create_batch(2)
    entry(f"request:{one.pk}", "The first.")
    entry(f"request:{other.pk}", "The second.")

    page = text_of(auditor, f"/ledger/?request={one.reference}")

    assert "The first." in page
    assert "The second." not in page
    assert "No entry is about such a request" in text_of(auditor, "/ledger/?request=VR-1999")


def test_a_long_ledger_has_pages_the_newest_entry_first(auditor: Client) -> None:
    for number in range(60):
        entry("system", f"Number {number}.")

    page = text_of(auditor, "/ledger/")

    assert "Number 59." in page
    assert "Number 9." not in page
    assert "Number 9." in text_of(auditor, "/ledger/?page=2")


def test_the_checkpoint_is_the_head_signed_with_the_public_key(auditor: Client) -> None:
    entry("system")

    note = auditor.get("/ledger/checkpoint")
    pem = Client().get("/public-key.pem")

    assert "attachment" in note["Content-Disposition"]
    key = load_pem_public_key(pem.content)
    assert isinstance(key, Ed25519PublicKey)
    checkpoint = read_checkpoint(note.content.decode(), key)
    assert (checkpoint.size, checkpoint.root) == (1, head().root)


def test_everybody_may_compare_the_public_key(client: Client) -> None:
    page = text_of(client, "/public-key")

    assert key_id() in page
    assert "BEGIN PUBLIC KEY" in page
    assert "PRIVATE" not in page


def test_an_engineer_does_not_read_the_ledger(client: Client) -> None:
    client.force_login(OfficerFactory.create(roles=[Role.ML_ENGINEER]))

    assert client.get("/ledger/").status_code == 403
    assert client.get("/ledger/checkpoint").status_code == 403


def test_the_page_asks_few_questions(
    auditor: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for request in DeletionRequestFactory.create_batch(5):
        entry(f"request:{request.pk}")

    with django_assert_max_num_queries(12):
        text_of(auditor, "/ledger/")
