"""A recipient answers, by its link or through an officer, and what follows for the request."""

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from deletion_requests.errors import NoticeAnsweredError
from deletion_requests.models import DeletionRequest, DueMail, NoticeState, RecipientNotice
from deletion_requests.recipient_selectors import notice_behind
from deletion_requests.services.notice_records import (
    Finding,
    change,
    enter,
    locked_notice,
    record_notified,
    write_finding,
)
from governance.outbox import publish

#: Longest name of an actor that the ledger takes.
_LONGEST_ACTOR = 160


@transaction.atomic
def acknowledge_by_link(*, token: str) -> RecipientNotice:
    """Record that the holder of a mailed link says it has erased; repeating this is harmless.

    Raises:
        UnknownLinkError: The token is wrong or too old.
    """
    request, notice = locked_notice(notice_behind(token).pk)
    if notice.state != NoticeState.ACKNOWLEDGED:
        _acknowledge(request, notice, how="link", actor=f"recipient:{notice.name}"[:_LONGEST_ACTOR])
    return notice


@transaction.atomic
def record_acknowledgement(
    *, request_id: UUID, notice_id: UUID, actor: str, note: str
) -> RecipientNotice:
    """Record an answer that reached an officer another way, e.g. by letter.

    Args:
        request_id: The request.
        notice_id: Which of its recipients answered.
        actor: The officer, e.g. ``officer:ann``.
        note: How and when it answered, in one sentence without personal data.

    Raises:
        NoticeNotFoundError: The request has no such recipient.
        NoticeAnsweredError: It has acknowledged already.
    """
    request, notice = locked_notice(notice_id, request_id=request_id)
    if notice.state == NoticeState.ACKNOWLEDGED:
        raise NoticeAnsweredError
    _acknowledge(request, notice, how="officer", actor=actor, note=note)
    return notice


def _acknowledge(
    request: DeletionRequest, notice: RecipientNotice, *, how: str, actor: str, note: str = ""
) -> None:
    now = timezone.now()
    told_before = notice.notified_at is not None
    change(
        notice,
        state=NoticeState.ACKNOWLEDGED,
        due_mail=DueMail.NONE,
        # Whoever answers was told, even where the worker that mailed it died before saying so.
        notified_at=notice.notified_at or now,
        acknowledged_at=now,
        how=how,
        error="",
        note=note or notice.note,
    )
    if not told_before and how == "link":
        record_notified(request, notice, by="mail")
    elif not told_before:
        record_notified(request, notice, by="officer", actor=actor)
    way = "through its link" if how == "link" else "and an officer recorded it"
    sentence = f"{notice.name} acknowledged {way} on {now:%d %B %Y}."
    evidence = write_finding(
        request,
        notice,
        Finding(
            kind="recipient_acknowledged",
            outcome="passed",
            summary=f"{sentence} That its copy is erased is its own word.",
            payload={"how": how, "acknowledged_at": now.isoformat()},
        ),
    )
    words = f"{sentence} {note}".strip()
    enter(notice, "recipient.acknowledged", note=words, actor=actor, evidence=evidence)
    publish("recipient.acknowledged", request_id=str(request.pk))
