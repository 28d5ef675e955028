"""What an officer does about recipients: tell by hand, remind, or report without their answer."""

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from deletion_requests.errors import NoticeSentError, ReminderTooSoonError
from deletion_requests.lifecycle import PARTIAL, Event
from deletion_requests.models import (
    DeletionRequest,
    DueMail,
    NoticeState,
    RecipientNotice,
)
from deletion_requests.recipient_selectors import may_retry, remind_from, unanswered_steps
from deletion_requests.services.notice_records import (
    Finding,
    change,
    enter,
    locked_notice,
    record_notified,
    write_finding,
)
from deletion_requests.services.transitions import SYSTEM, locked_request, move, require
from governance.outbox import publish
from unlearning.selectors import PlanView

#: Longest list of names in one sentence of the ledger.
_LONGEST = 300


@transaction.atomic
def record_notification(
    *, request_id: UUID, notice_id: UUID, actor: str, note: str
) -> RecipientNotice:
    """Record that an officer told a recipient by hand, where no mail could reach it.

    Args:
        request_id: The request.
        notice_id: Which of its recipients was told.
        actor: The officer, e.g. ``officer:ann``.
        note: How it was told, in one sentence without personal data.

    Raises:
        NoticeNotFoundError: The request has no such recipient.
        NoticeSentError: The recipient has been told already.
    """
    request, notice = locked_notice(notice_id, request_id=request_id)
    if notice.state not in (NoticeState.TO_NOTIFY, NoticeState.FAILED):
        raise NoticeSentError
    change(
        notice,
        state=NoticeState.NOTIFIED,
        due_mail=DueMail.NONE,
        notified_at=timezone.now(),
        error="",
        note=note,
    )
    record_notified(request, notice, by="officer", actor=actor)
    return notice


@transaction.atomic
def remind_recipient(*, request_id: UUID, notice_id: UUID, actor: str) -> RecipientNotice:
    """Mail a recipient again: a reminder once a day at most, or a notice that failed before.

    Raises:
        NoticeNotFoundError: The request has no such recipient.
        ReminderTooSoonError: It has answered, has no mail address, or was written to today.
    """
    _, notice = locked_notice(notice_id, request_id=request_id)
    if may_retry(notice):
        change(notice, state=NoticeState.TO_NOTIFY, **_due(DueMail.NOTICE))
    else:
        _require_peace(notice)
        change(notice, **_due(DueMail.REMINDER))
    enter(
        notice,
        "recipient.letter_asked",
        note=f"Another letter to {notice.name} was asked for.",
        actor=actor,
    )
    publish("recipient.letter_due", notice_id=str(notice.pk))
    return notice


@transaction.atomic
def report_as_partial(*, request_id: UUID, actor: str, reason: str) -> DeletionRequest:
    """Let the report be written although a recipient has not acknowledged; it will say so.

    Args:
        request_id: The request.
        actor: The officer who decides, e.g. ``officer:ann``.
        reason: Why its answer is not waited for, in one sentence without personal data.

    Raises:
        RequestNotFoundError: There is no such request.
        WrongTransitionError: The request does not wait for recipients.
    """
    request = locked_request(request_id)
    require(request, Event.REPORTED_AS_PARTIAL)
    for notice in request.recipient_notices.exclude(state=NoticeState.ACKNOWLEDGED):
        silence = _silence(notice)
        evidence = write_finding(request, notice, silence)
        enter(notice, "recipient.unanswered", note=silence.summary, actor=actor, evidence=evidence)
    move(request, Event.REPORTED_AS_PARTIAL, actor=actor, note=reason, outcome=PARTIAL)
    publish("request.ready_for_report", request_id=str(request.pk))
    return request


def settle_recipients(request: DeletionRequest, plan: PlanView) -> None:
    """Send a request whose own work is done on to its report, or let it wait for recipients.

    Inside the driver's transaction. A request that an officer let be reported in part, and that
    comes by here again because its report failed, does not wait a second time.
    """
    waiting = [step.artifact_name for step in unanswered_steps(plan)]
    if waiting and request.outcome != PARTIAL:
        move(request, Event.RECIPIENTS_OPEN, actor=SYSTEM, note=_waiting_for(waiting))
        return
    outcome = PARTIAL if waiting else ""
    move(request, Event.EVIDENCE_RECORDED, actor=SYSTEM, outcome=outcome)
    publish("request.ready_for_report", request_id=str(request.pk))


def await_recipients(request: DeletionRequest, plan: PlanView) -> None:
    """Send a request on that waited for recipients once all have acknowledged."""
    if not unanswered_steps(plan):
        move(request, Event.RECIPIENTS_ANSWERED, actor=SYSTEM, note="All have acknowledged.")
        publish("request.ready_for_report", request_id=str(request.pk))


def _require_peace(notice: RecipientNotice) -> None:
    since = remind_from(notice)
    if since is None:
        raise ReminderTooSoonError("A reminder goes by mail to a recipient that was notified.")
    if timezone.now() < since:
        raise ReminderTooSoonError(f"The next reminder may be sent on {since:%d %B %Y, %H:%M} UTC.")


def _due(mail: DueMail) -> dict[str, object]:
    return {"due_mail": mail, "attempts": 0, "tried_at": None, "error": ""}


def _silence(notice: RecipientNotice) -> Finding:
    told = notice.notified_at
    when = f"notified on {told:%d %B %Y}" if told else "not notified"
    return Finding(
        kind="recipient_acknowledged",
        outcome="inconclusive",
        summary=f"{notice.name}, {when}, had not acknowledged when the report was asked for.",
        payload={
            "notified_at": told.isoformat() if told else None,
            "reminded_at": notice.reminded_at.isoformat() if notice.reminded_at else None,
        },
    )


def _waiting_for(names: Sequence[str]) -> str:
    return f"Waiting for {', '.join(names)}"[:_LONGEST] + "."
