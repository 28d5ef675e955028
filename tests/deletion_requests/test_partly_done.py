"""Our own work is done, a recipient is silent: the request waits, or is reported in part."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from deletion_requests.errors import WrongTransitionError
from deletion_requests.models import RecipientNotice
from deletion_requests.selectors import QueueFilters, queue, request_view
from deletion_requests.services import (
    acknowledge_by_link,
    advance_request,
    close_with_report,
    give_up_report,
    record_notification,
    report_as_partial,
    resume_request,
    sweep_requests,
)
from governance.models import OutboxMessage, Role
from tests.deletion_requests.recipients import (
    LAKESIDE,
    Case,
    case_with,
    deliver,
    settle,
    token_in,
)
from tests.factories import OfficerFactory
from unlearning.ledgering import as_recorded
from unlearning.models import Evidence

pytestmark = pytest.mark.django_db

HARBOUR = "mailto:privacy@harbour.example"
ANN = "officer:ann"


def carried_on(*contacts: str) -> Case:
    """A request whose own work is done and whose recipients were written to."""
    case = case_with(*contacts)
    advance_request(request_id=case.request.pk)
    deliver()
    settle(case)
    advance_request(request_id=case.request.pk)
    deliver()
    return case


def reports_asked_for() -> int:
    return OutboxMessage.objects.filter(topic="request.ready_for_report").count()


def test_a_silent_recipient_keeps_the_request_open_while_its_clock_runs() -> None:
    case = carried_on(LAKESIDE)

    assert case.state() == "partly_done"
    view = request_view(case.request.pk)
    assert view.state_label == "Partly done: waiting for recipients"
    assert view.closing_trace is not None, "recorded when the plan settled"
    assert (view.final, view.paused, view.attention) == (False, False, "")
    assert reports_asked_for() == 0
    assert "Waiting for Recipient 1." in case.entries("request.recipients_open")[0].payload["note"]


def test_the_answer_sends_the_request_to_its_report() -> None:
    case = carried_on(LAKESIDE)
    acknowledge_by_link(token=token_in())
    deliver()

    assert (case.state(), case.request.outcome) == ("reporting", "")
    assert reports_asked_for() == 1
    assert case.entries("request.recipients_answered")


def test_the_sweeper_sends_on_an_answered_request_whose_news_was_lost() -> None:
    case = carried_on(LAKESIDE, HARBOUR)
    acknowledge_by_link(token=token_in(0))
    sweep_requests()
    assert case.state() == "partly_done"

    acknowledge_by_link(token=token_in(1))
    OutboxMessage.objects.all().delete()
    sweep_requests()
    assert case.state() == "reporting"


def test_answered_before_the_work_is_done_nothing_is_waited_for() -> None:
    case = case_with(LAKESIDE)
    advance_request(request_id=case.request.pk)
    deliver()
    acknowledge_by_link(token=token_in())
    deliver()
    assert case.state() == "verifying"
    settle(case)
    advance_request(request_id=case.request.pk)

    assert case.state() == "reporting"
    assert not case.entries("request.recipients_open")


def test_a_recipient_whose_notice_was_lost_is_waited_for_all_the_same() -> None:
    case = case_with(LAKESIDE)
    settle(case)
    advance_request(request_id=case.request.pk)
    assert case.state() == "partly_done"

    deliver()
    acknowledge_by_link(token=token_in())
    deliver()
    assert case.state() == "reporting"


def test_of_two_recipients_one_silent_one_is_enough_to_wait() -> None:
    case = carried_on(LAKESIDE, HARBOUR)
    acknowledge_by_link(token=token_in(0))
    deliver()
    assert case.state() == "partly_done"

    report_as_partial(request_id=case.request.pk, actor=ANN, reason="Harbour does not answer.")
    assert (case.state(), case.request.outcome) == ("reporting", "partial")
    close_with_report(request_id=case.request.pk, report_id=case.request.pk)

    view = request_view(case.request.pk)
    assert (view.state, view.outcome, view.state_label) == ("closed", "partial", "Closed in part")
    assert [row.state_label for row in queue(QueueFilters())] == ["Closed in part"]
    states = [(item.name, item.state) for item in view.recipients]
    assert states == [("Recipient 1", "acknowledged"), ("Recipient 2", "notified")]


def test_the_decision_is_evidence_and_stands_in_the_ledger() -> None:
    case = carried_on(LAKESIDE, HARBOUR)
    acknowledge_by_link(token=token_in(0))
    report_as_partial(request_id=case.request.pk, actor=ANN, reason="Harbour does not answer.")

    silent = Evidence.objects.get(step=case.steps[1], kind="recipient_acknowledged")
    assert silent.outcome == "inconclusive"
    assert "had not acknowledged" in silent.summary
    (entry,) = case.entries("request.reported_as_partial")
    assert (entry.actor, entry.payload["note"]) == (ANN, "Harbour does not answer.")
    (unanswered,) = case.entries("recipient.unanswered")
    assert unanswered.payload["evidence"] == as_recorded([silent])


def test_an_answer_after_the_decision_is_noted_but_leaves_the_evidence_as_it_is() -> None:
    case = carried_on(LAKESIDE)
    report_as_partial(request_id=case.request.pk, actor=ANN, reason="No answer.")
    before = list(Evidence.objects.order_by("pk").values())
    acknowledge_by_link(token=token_in())
    deliver()

    assert list(Evidence.objects.order_by("pk").values()) == before
    assert case.notice().state == "acknowledged"
    assert case.entries("recipient.acknowledged")[0].payload["evidence"] == {}
    assert case.state() == "reporting"


def test_every_evidence_about_recipients_stands_in_the_ledger() -> None:
    case = carried_on(LAKESIDE, HARBOUR, "")
    acknowledge_by_link(token=token_in(0))
    report_as_partial(request_id=case.request.pk, actor=ANN, reason="No answer.")

    kinds = (
        "recipient.notified",
        "recipient.failed",
        "recipient.acknowledged",
        "recipient.unanswered",
    )
    noted = {
        key: bound
        for kind in kinds
        for entry in case.entries(kind)
        for key, bound in entry.payload["evidence"].items()
    }
    assert noted == as_recorded(Evidence.objects.exclude(step=None))


def test_a_silent_recipient_asks_for_attention_after_a_day() -> None:
    case = carried_on(LAKESIDE)
    RecipientNotice.objects.update(notified_at=timezone.now() - timedelta(hours=25))

    assert "Not acknowledged: Recipient 1." in request_view(case.request.pk).attention
    acknowledge_by_link(token=token_in())
    assert request_view(case.request.pk).attention == ""


def test_a_silent_recipient_without_a_mail_address_is_pointed_out_too() -> None:
    case = carried_on("https://lakeside.example/erasure")
    record_notification(
        request_id=case.request.pk, notice_id=case.notice().pk, actor=ANN, note="On its page."
    )
    assert (case.state(), request_view(case.request.pk).attention) == ("partly_done", "")

    RecipientNotice.objects.update(notified_at=timezone.now() - timedelta(hours=25))
    view = request_view(case.request.pk)
    assert "Not acknowledged: Recipient 1." in view.attention
    assert not view.recipients[0].may_remind, "a reminder needs an address to go to"
    assert [row.attention for row in queue(QueueFilters())] == [view.attention]


def test_a_report_that_failed_does_not_make_the_request_wait_again() -> None:
    case = carried_on(LAKESIDE)
    report_as_partial(request_id=case.request.pk, actor=ANN, reason="No answer.")
    give_up_report(request_id=case.request.pk, sentence="The report could not be written.")
    resume_request(request_id=case.request.pk, actor=ANN)
    advance_request(request_id=case.request.pk)

    assert (case.state(), case.request.outcome) == ("reporting", "partial")


def test_a_report_that_failed_is_whole_when_the_answer_came_meanwhile() -> None:
    case = carried_on(LAKESIDE)
    report_as_partial(request_id=case.request.pk, actor=ANN, reason="No answer.")
    give_up_report(request_id=case.request.pk, sentence="The report could not be written.")
    acknowledge_by_link(token=token_in())
    resume_request(request_id=case.request.pk, actor=ANN)
    advance_request(request_id=case.request.pk)

    assert (case.state(), case.request.outcome) == ("reporting", "")
    found = Evidence.objects.get(kind="recipient_acknowledged")
    assert found.outcome == "passed"


@pytest.mark.parametrize("state", ["executing", "verifying", "reporting", "closed"])
def test_only_a_request_that_waits_can_be_reported_in_part(state: str) -> None:
    case = case_with(LAKESIDE, state=state)
    with pytest.raises(WrongTransitionError):
        report_as_partial(request_id=case.request.pk, actor=ANN, reason="x")


def test_reporting_in_part_takes_a_reason_and_the_role() -> None:
    case = carried_on(LAKESIDE)
    address = f"/api/v1/requests/{case.request.pk}/partial-report"
    client = APIClient()
    client.force_login(OfficerFactory.create(roles=[Role.APPROVER]))
    assert client.post(address, {"reason": "No answer."}).status_code == 403
    client.force_login(OfficerFactory.create(username="ann"))
    assert client.post(address, {}).status_code == 422

    done = client.post(address, {"reason": "No answer."})
    assert done.json() == {"id": str(case.request.pk), "state": "reporting"}
    assert client.post(address, {"reason": "No answer."}).status_code == 409


def test_the_page_offers_what_can_be_done_and_only_to_who_may_do_it() -> None:
    case = carried_on(LAKESIDE, "")
    RecipientNotice.objects.filter(state="notified").update(
        notified_at=timezone.now() - timedelta(hours=25)
    )
    client = Client()
    client.force_login(OfficerFactory.create(username="ann"))
    page = f"/requests/{case.request.pk}/"
    text = client.get(page).content.decode()
    for words in (
        "Who received a copy",
        "Send a reminder",
        "Record that it was notified",
        "Record that it acknowledged",
        "Report as partly done",
        "No address is recorded.",
    ):
        assert words in text
    client.post(f"{page}partial-report", {"sentence": "No answer."})
    assert "is reported as partly done" in client.get(page).content.decode()
    assert case.state() == "reporting"

    client.force_login(OfficerFactory.create(roles=[Role.AUDITOR]))
    text = client.get(page).content.decode()
    assert "Who received a copy" in text
    assert "Record that it acknowledged" not in text
