"""Mailing the letters to recipients: at least once, with pauses, and never for ever."""

import logging
import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from deletion_requests.models import (
    AcknowledgementToken,
    DeletionRequest,
    DueMail,
    NoticeState,
    RecipientNotice,
)
from deletion_requests.recipient_mail import mail_address, subject_of, text_of
from deletion_requests.recipient_selectors import copied_records, token_digest
from deletion_requests.services.mailing import MailNotSentError, deliver
from deletion_requests.services.notice_records import (
    change,
    enter,
    give_up,
    locked_notice,
    record_notified,
)
from governance.attempts import DATABASE_AWAY, attempts_are_spent, defect, pause_after
from unlearning.selectors import plan_view

log = logging.getLogger(__name__)

_TOKEN_BYTES = 32
_INTERRUPTED = "the worker that mailed it stopped."


@dataclass(frozen=True, kw_only=True)
class _Letter:
    """One letter, ready to be mailed."""

    kind: str
    subject: str
    text: str
    address: str


def send_letter(*, notice_id: UUID) -> None:
    """Mail the letter that is due to a recipient; repeating this is harmless.

    The attempt and the token of its link are on record before the letter leaves: a crash after
    that sends a second letter with a link of its own, and either link may be used.

    Raises:
        NoticeNotFoundError: There is no such notice.
    """
    letter = _claim(notice_id)
    if letter is None:
        return
    try:
        deliver(subject=letter.subject, text=letter.text, address=letter.address)
    except MailNotSentError as error:
        _record_failure(notice_id, letter.kind, str(error))
    else:
        _record_delivery(notice_id, letter.kind)


def due_letters() -> list[UUID]:
    """Notices whose letter waits to be mailed, or to be tried again."""
    now = timezone.now()
    waiting = RecipientNotice.objects.exclude(due_mail=DueMail.NONE)
    return [row.pk for row in waiting if not _rests(row, now)]


@transaction.atomic
def _claim(notice_id: UUID) -> _Letter | None:
    """Begin an attempt, or find that none is due; the last attempt may have died unrecorded."""
    request, notice = locked_notice(notice_id)
    now = timezone.now()
    if notice.due_mail == DueMail.NONE or _rests(notice, now):
        return None
    if attempts_are_spent(notice.attempts):
        give_up(request, notice, _INTERRUPTED)
        return None
    change(notice, attempts=notice.attempts + 1, tried_at=now)
    try:
        with transaction.atomic():  # what fails in here leaves the attempt counted
            return _write(request, notice)
    except DATABASE_AWAY:
        raise
    except Exception as error:  # a letter that cannot be written is given up like any other
        log.exception("The letter of notice %s could not be written.", notice_id)
        _note_failure(request, notice, defect(error))
        return None


def _write(request: DeletionRequest, notice: RecipientNotice) -> _Letter:
    """Write the letter that is due, with a link of its own."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    AcknowledgementToken.objects.create(
        notice=notice, digest=token_digest(token), made_at=timezone.now()
    )
    step = next(step for step in plan_view(notice.plan_id).steps if step.id == notice.step_id)
    copied = copied_records(request.pk, step.artifact_id)
    reminder = notice.due_mail == DueMail.REMINDER
    return _Letter(
        kind=notice.due_mail,
        subject=subject_of(request, notice, reminder=reminder),
        text=text_of(request, notice, record_ids=copied.record_ids, token=token, reminder=reminder),
        address=mail_address(notice.address),
    )


def _rests(notice: RecipientNotice, now: datetime) -> bool:
    """Whether the last attempt is so recent that another worker may still be at it."""
    return notice.tried_at is not None and now < notice.tried_at + pause_after(notice.attempts)


@transaction.atomic
def _record_delivery(notice_id: UUID, kind: str) -> None:
    request, notice = locked_notice(notice_id)
    if notice.due_mail != kind:
        return  # another attempt was recorded, or the recipient has answered meanwhile
    now = timezone.now()
    done: dict[str, object] = {"due_mail": DueMail.NONE, "attempts": 0, "tried_at": None}
    if kind == DueMail.REMINDER:
        change(notice, reminded_at=now, error="", **done)
        enter(notice, "recipient.reminded", note=f"{notice.name} was reminded by mail.")
        return
    change(notice, state=NoticeState.NOTIFIED, notified_at=now, error="", **done)
    record_notified(request, notice, by="mail")


@transaction.atomic
def _record_failure(notice_id: UUID, kind: str, trouble: str) -> None:
    request, notice = locked_notice(notice_id)
    if notice.due_mail != kind:
        return
    _note_failure(request, notice, trouble)


def _note_failure(request: DeletionRequest, notice: RecipientNotice, trouble: str) -> None:
    if attempts_are_spent(notice.attempts):
        give_up(request, notice, trouble)
    else:
        change(notice, error=trouble)
