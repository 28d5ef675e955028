"""POST /api/v1/requests: what comes in, what is refused, what is told to nobody."""

import json
import uuid
from typing import Any

import pytest
from django.test import override_settings
from rest_framework.response import Response
from rest_framework.test import APIClient

from deletion_requests.models import ClockEvent, DeletionRequest
from governance.models import LedgerEntry, OutboxMessage
from governance.sealing import unseal
from governance.services import issue_api_key

pytestmark = pytest.mark.django_db

URL = "/api/v1/requests"


def body(**changes: object) -> dict[str, Any]:
    return {
        "regime": "gdpr",
        "request_type": "erasure",
        "subject": {"email": "ann@example.com"},
        **changes,
    }


def pointers(response: Response) -> set[str]:
    return {error["pointer"] for error in json.loads(response.content)["errors"]}


def test_a_request_is_received_with_clock_ledger_entry_and_news(portal: APIClient) -> None:
    response = portal.post(URL, body())

    assert response.status_code == 201
    row = DeletionRequest.objects.get()
    answer = response.json()
    assert answer["reference"] == row.reference
    assert answer["state"] == "received"
    assert answer["due_on"] == row.due_on.isoformat()
    assert response["Location"] == answer["links"]["self"] == f"{URL}/{row.pk}"
    assert unseal(bytes(row.sealed_contact)) == "ann@example.com"
    assert ClockEvent.objects.get(request=row).kind == "start"
    assert LedgerEntry.objects.filter(kind="request.received").count() == 1
    assert OutboxMessage.objects.get(topic="request.received").payload == {
        "request_id": str(row.pk)
    }


def test_the_address_is_nowhere_in_clear(portal: APIClient) -> None:
    portal.post(URL, body())

    row = DeletionRequest.objects.values().get()
    clear = str({**row, "sealed_contact": ""}) + str(list(LedgerEntry.objects.values()))
    assert "ann@example.com" not in clear


def test_the_same_key_and_body_give_the_same_answer_later_too(portal: APIClient) -> None:
    first = portal.post(URL, body(), headers={"Idempotency-Key": "k-1"})
    DeletionRequest.objects.update(state="withdrawn")
    again = portal.post(URL, body(), headers={"Idempotency-Key": "k-1"})

    assert (again.status_code, again.json()) == (201, first.json())
    assert DeletionRequest.objects.count() == 1
    assert OutboxMessage.objects.filter(topic="request.received").count() == 1


def test_the_same_key_with_another_body_is_a_conflict(portal: APIClient) -> None:
    portal.post(URL, body(), headers={"Idempotency-Key": "k-1"})
    other = portal.post(
        URL, body(subject={"email": "bob@example.com"}), headers={"Idempotency-Key": "k-1"}
    )

    assert other.status_code == 409
    assert DeletionRequest.objects.count() == 1


def test_keys_of_two_clients_do_not_meet(portal: APIClient) -> None:
    _, key = issue_api_key(name="branch", scopes=["requests:write"])
    branch = APIClient()
    branch.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")

    portal.post(URL, body(), headers={"Idempotency-Key": "k-1"})
    branch.post(URL, body(), headers={"Idempotency-Key": "k-1"})

    assert DeletionRequest.objects.count() == 2


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        (body(regime="atlantis"), "/regime"),
        (body(regime=7), "/regime"),
        (body(colour="red"), "/colour"),
        (body(subject={"email": "nobody"}), "/subject/email"),
        (body(subject={"email": "a@example.com", "name": "Ann"}), "/subject/name"),
        (body(subject="ann@example.com"), "/subject"),
        ({"regime": "gdpr", "request_type": "erasure"}, "/subject"),
        (body(regime="ccpa"), "/regime"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_stored(
    portal: APIClient, wrong: dict[str, Any], pointer: str
) -> None:
    response = portal.post(URL, wrong)

    assert response.status_code == 422
    assert response["Content-Type"] == "application/problem+json"
    assert pointer in pointers(response)
    assert not DeletionRequest.objects.exists()
    assert not OutboxMessage.objects.exists()


@pytest.mark.parametrize("text", ["{", "[]", "null", '"x"', '{"regime": "gdpr", "regime": "x"}'])
def test_a_body_that_is_no_object_is_refused(portal: APIClient, text: str) -> None:
    response = portal.post(URL, text, content_type="application/json")

    assert response.status_code in (400, 422)
    assert response["Content-Type"] == "application/problem+json"
    assert not DeletionRequest.objects.exists()


@override_settings(MAX_BODY_BYTES=1000, DATA_UPLOAD_MAX_MEMORY_SIZE=1000)
def test_an_oversized_body_is_refused(portal: APIClient) -> None:
    response = portal.post(URL, body(regime="g" * 2000))

    assert response.status_code == 413
    assert not DeletionRequest.objects.exists()


def test_without_a_key_or_without_the_scope_nothing_is_received() -> None:
    _, key = issue_api_key(name="reader", scopes=["requests:read"])
    reader = APIClient()
    reader.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")

    assert APIClient().post(URL, body()).status_code == 401
    assert reader.post(URL, body()).status_code == 403
    assert not DeletionRequest.objects.exists()


def test_a_request_that_does_not_exist_is_a_problem(portal: APIClient) -> None:
    response = portal.get(f"{URL}/{uuid.uuid4()}")

    assert response.status_code == 404
    assert response["Content-Type"] == "application/problem+json"
