"""Is this the data subject? A one-time code to the contact address, no documents."""

import hashlib
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from deletion_requests.confirmation import confirmation_link
from deletion_requests.lifecycle import Event, State
from deletion_requests.models import DeletionRequest, IdentityCheck
from deletion_requests.services.attempts import Undertaking, attempt
from deletion_requests.services.clock import record_clock_event
from deletion_requests.services.mailing import MailNotSentError, deliver
from deletion_requests.services.transitions import SYSTEM, locked_request, move, require
from deletion_requests.timeline import reference_of
from governance.ledger.services import append_entry
from governance.sealing import CannotUnseal, unseal

log = logging.getLogger(__name__)

#: Wrong codes that end the check.
MAX_ATTEMPTS = 5
#: How long a code may be used.
CODE_LIFETIME = timedelta(hours=24)
_DIGITS = 6
_SENDING_CODE = Undertaking(
    failed_kind="request.code_failed", failure="The one-time code could not be mailed"
)


@dataclass(frozen=True, kw_only=True)
class CodeAnswer:
    """What became of an entered code; an answer, not an exception, so that attempts are kept."""

    confirmed: bool
    attempts_left: int
    #: Whether the request ended because nobody proved to be the data subject.
    expired: bool


def send_code(*, request_id: UUID) -> None:
    """Mail the one-time code and wait for it; repeating this is harmless.

    The code is derived from the request and the installation's secret key, so a task that was
    killed between mail and commit sends the same code again, and a code is never stored. A mail
    server that fails is tried again after a pause; after some attempts a person is asked.

    Raises:
        RequestNotFoundError: There is no such request.
    """
    attempt(_SENDING_CODE, request_id, _send)


@transaction.atomic
def _send(request_id: UUID) -> None:
    request = locked_request(request_id)
    if request.state != State.RECEIVED:
        return
    now = timezone.now()
    code = _code(request.pk)
    IdentityCheck.objects.update_or_create(
        request=request,
        defaults={
            "code_digest": _code_digest(request.pk, code),
            "sent_at": now,
            "expires_at": now + CODE_LIFETIME,
        },
    )
    record_clock_event(request, kind="acknowledge", at=now, note="Receipt acknowledged by mail.")
    # Before the ledger's lock is taken: a slow mail server holds up this request and no other.
    _mail(request, code)
    move(request, Event.CODE_SENT, actor=SYSTEM, note="Sent to the contact address.")


def confirm_identity(*, request_id: UUID, code: str, actor: str) -> CodeAnswer:
    """Compare an entered code with the one that was sent.

    Raises:
        RequestNotFoundError: There is no such request.
        WrongTransitionError: The request is not waiting for a code.
    """
    with transaction.atomic():
        request = locked_request(request_id)
        require(request, Event.IDENTITY_CONFIRMED)
        check = request.identity_check
        now = timezone.now()
        check.attempts += 1
        right = constant_time_compare(bytes(check.code_digest), _code_digest(request.pk, code))
        if right and now < check.expires_at:
            return _confirm(request, check, now, actor)
        return _refuse(request, check, now, actor)


def _confirm(
    request: DeletionRequest, check: IdentityCheck, now: datetime, actor: str
) -> CodeAnswer:
    check.confirmed_at = now
    check.save(update_fields=["attempts", "confirmed_at"])
    record_clock_event(
        request, kind="resume", at=now, basis="identity", note="Identity was confirmed."
    )
    move(request, Event.IDENTITY_CONFIRMED, actor=actor, note="By one-time code.")
    return CodeAnswer(confirmed=True, attempts_left=MAX_ATTEMPTS - check.attempts, expired=False)


def _refuse(
    request: DeletionRequest, check: IdentityCheck, now: datetime, actor: str
) -> CodeAnswer:
    check.save(update_fields=["attempts"])
    left = MAX_ATTEMPTS - check.attempts
    expired = left <= 0 or now >= check.expires_at
    if expired:
        _end(request, now, actor, "The code expired." if left > 0 else "Too many wrong codes.")
    else:
        append_entry(
            kind="request.identity_refused",
            actor=actor,
            reference=reference_of(request.pk),
            payload={"attempts_left": left, "note": f"{left} attempts left."},
        )
    return CodeAnswer(confirmed=False, attempts_left=max(left, 0), expired=expired)


def overdue_checks() -> list[UUID]:
    """Requests whose code nobody entered while it could be used."""
    overdue = IdentityCheck.objects.filter(
        request__state=State.IDENTITY_PENDING, expires_at__lte=timezone.now()
    )
    return list(overdue.values_list("request_id", flat=True))


@transaction.atomic
def expire_check(*, request_id: UUID) -> None:
    """End a request whose code nobody entered in time; repeating this is harmless.

    Raises:
        RequestNotFoundError: There is no such request.
    """
    request = locked_request(request_id)
    now = timezone.now()
    # Looked at again under the row lock: the right code may have been entered meanwhile.
    if request.state == State.IDENTITY_PENDING and request.identity_check.expires_at <= now:
        _end(request, now, SYSTEM, "Nobody entered the code in time.")


def _end(request: DeletionRequest, now: datetime, actor: str, note: str) -> None:
    record_clock_event(request, kind="stop", at=now, note="Identity was not confirmed.")
    move(
        request,
        Event.IDENTITY_FAILED,
        actor=actor,
        note=note,
        outcome="identity_not_confirmed",
        closed_at=now,
    )


def _code(request_id: UUID) -> str:
    mac = salted_hmac("deletion_requests.code", str(request_id), algorithm="sha256").digest()
    return f"{int.from_bytes(mac, 'big') % 10**_DIGITS:0{_DIGITS}d}"


def _code_digest(request_id: UUID, code: str) -> bytes:
    value = f"{request_id}:{hashlib.sha256(code.encode()).hexdigest()}"
    return salted_hmac("deletion_requests.code_digest", value, algorithm="sha256").digest()


def _mail(request: DeletionRequest, code: str) -> None:
    try:
        address = unseal(bytes(request.sealed_contact))
    except CannotUnseal as error:
        log.exception("The contact address of request %s cannot be opened.", request.pk)
        raise MailNotSentError("the contact address was sealed with another key.") from error
    deliver(
        subject=f"[{request.reference}] Confirm your deletion request",
        text=(
            f"{settings.ORGANISATION} received a request to erase personal data under the "
            f"reference {request.reference}.\n\n"
            f"Your one-time code: {code}\n\n"
            "Enter it where you made the request, or here:\n"
            f"{confirmation_link(request.pk)}\n\n"
            f"It is valid for {CODE_LIFETIME.total_seconds() / 3600:.0f} hours. If you did not "
            "ask for this, ignore this message: nothing happens without the code.\n\n"
            f"We will answer by {request.due_on:%d %B %Y}.\n"
        ),
        address=address,
    )
