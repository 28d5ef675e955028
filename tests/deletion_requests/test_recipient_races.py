"""Many hands on one notice at the same time: what is written is written once."""

import threading
from collections.abc import Callable
from functools import partial

import pytest
from django.core import mail
from django.db import connection

from deletion_requests.errors import NoticeAnsweredError, WrongTransitionError
from deletion_requests.services import (
    acknowledge_by_link,
    advance_request,
    notify_recipient,
    record_acknowledgement,
    report_as_partial,
    send_letter,
)
from governance.errors import Conflict
from tests.deletion_requests.recipients import LAKESIDE, case_with, deliver, settle, token_in
from unlearning.models import Evidence

pytestmark = pytest.mark.django_db(transaction=True)

ANN = "officer:ann"


def at_once(*acts: Callable[[], object]) -> list[Conflict]:
    """Do everything at the same time; returns what was refused."""
    start = threading.Barrier(len(acts))
    refused: list[Conflict] = []

    def run(act: Callable[[], object]) -> None:
        start.wait()
        try:
            act()
        except Conflict as conflict:
            refused.append(conflict)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return refused


def test_one_notice_is_opened_mailed_and_answered_once() -> None:
    case = case_with(LAKESIDE)
    opening = partial(notify_recipient, plan_id=case.plan.pk, step_id=case.steps[0].pk)
    assert at_once(opening, opening, opening) == []

    sending = partial(send_letter, notice_id=case.notice().pk)
    assert at_once(sending, sending, sending) == []
    assert len(mail.outbox) == 1
    assert len(case.entries("recipient.notified")) == 1

    answering = partial(acknowledge_by_link, token=token_in())
    by_hand = partial(
        record_acknowledgement,
        request_id=case.request.pk,
        notice_id=case.notice().pk,
        actor=ANN,
        note="By letter.",
    )
    refused = at_once(answering, answering, by_hand)
    assert all(isinstance(item, NoticeAnsweredError) for item in refused)
    assert len(case.entries("recipient.acknowledged")) == 1


def test_an_answer_and_the_decision_not_to_wait_end_in_one_report() -> None:
    case = case_with(LAKESIDE)
    advance_request(request_id=case.request.pk)
    deliver()
    settle(case)
    advance_request(request_id=case.request.pk)
    assert case.state() == "partly_done"

    carrying_on = partial(advance_request, request_id=case.request.pk)
    deciding = partial(
        report_as_partial, request_id=case.request.pk, actor=ANN, reason="No answer."
    )
    refused = at_once(
        partial(acknowledge_by_link, token=token_in()), deciding, carrying_on, carrying_on
    )
    deliver()

    assert case.state() == "reporting"
    assert all(isinstance(item, WrongTransitionError) for item in refused)
    ways = [
        case.entries(f"request.{way}") for way in ("recipients_answered", "reported_as_partial")
    ]
    assert sum(len(entries) for entries in ways) == 1
    assert Evidence.objects.filter(kind="recipient_acknowledged").count() == 1
