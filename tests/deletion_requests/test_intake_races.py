"""One letter that arrives several times at the same moment is one request."""

import threading
from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient

from deletion_requests.models import ClockEvent, DeletionRequest
from governance.models import LedgerEntry, OutboxMessage
from governance.services import issue_api_key

pytestmark = pytest.mark.django_db(transaction=True)

POSTS = 6


def posted_at_once(keys: list[str], emails: list[str]) -> list[tuple[int, dict[str, Any]]]:
    """Post one letter from each of several senders of one client, all at the same time."""
    _, key = issue_api_key(name="portal", scopes=["requests:write", "requests:read"])
    start = threading.Barrier(len(keys))
    answers: list[tuple[int, dict[str, Any]]] = []

    def post(idempotency_key: str, email: str) -> None:
        sender = APIClient()
        sender.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
        body = {"regime": "gdpr", "request_type": "erasure", "subject": {"email": email}}
        start.wait()
        try:
            answer = sender.post("/api/v1/requests", body, HTTP_IDEMPOTENCY_KEY=idempotency_key)
            answers.append((answer.status_code, answer.json()))
        finally:
            connection.close()

    threads = [threading.Thread(target=post, args=pair) for pair in zip(keys, emails, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_equal_letters_with_one_key_make_one_request_and_get_one_answer() -> None:
    answers = posted_at_once(["letter-1"] * POSTS, ["ann@example.com"] * POSTS)

    request = DeletionRequest.objects.get()
    assert len(answers) == POSTS
    assert all(answer == answers[0] for answer in answers)
    status, document = answers[0]
    assert (status, document["id"]) == (201, str(request.pk))
    assert ClockEvent.objects.filter(request=request).count() == 1
    assert LedgerEntry.objects.filter(kind="request.received").count() == 1
    assert OutboxMessage.objects.filter(topic="request.received").count() == 1


def test_of_different_letters_with_one_key_one_is_taken_and_the_others_are_refused() -> None:
    emails = [f"person{number}@example.com" for number in range(POSTS)]
    answers = posted_at_once(["letter-1"] * POSTS, emails)

    assert sorted(status for status, _ in answers) == [201] + [409] * (POSTS - 1)
    assert DeletionRequest.objects.count() == 1
    assert LedgerEntry.objects.filter(kind="request.received").count() == 1
