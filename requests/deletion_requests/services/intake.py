"""A request arrives: nothing here tells whether the person is known."""

from dataclasses import dataclass

import rfc8785
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from deletion_requests.deadlines import UnknownRegimeError, rule_for
from deletion_requests.errors import IdempotencyConflictError, UnknownRegimeInputError
from deletion_requests.lifecycle import State
from deletion_requests.models import DeletionRequest
from deletion_requests.services.clock import record_clock_event
from deletion_requests.timeline import reference_of
from governance.errors import FieldError
from governance.ledger.services import append_entry
from governance.outbox import publish
from governance.sealing import seal
from governance.subjects import subject_digest


@dataclass(frozen=True, kw_only=True)
class _Letter:
    """A request as it came in."""

    regime: str
    request_type: str
    email: str
    intake_client: str
    idempotency_key: str

    def body_digest(self) -> bytes:
        """Digest the body under the secret key: a plain hash would let an address be guessed."""
        body = rfc8785.dumps([self.regime, self.request_type, self.email])
        return salted_hmac("deletion_requests.body", body, algorithm="sha256").digest()


def receive_request(
    *, regime: str, request_type: str, email: str, intake_client: str, idempotency_key: str = ""
) -> DeletionRequest:
    """Record a new request, start its clock and let the one-time code be mailed.

    Args:
        regime: Key of a regime in ``regimes.yaml``.
        request_type: Its request type.
        email: Contact address and identifier of the data subject; sealed, never logged.
        intake_client: Who sent it, e.g. ``client:portal`` or ``officer:ann``.
        idempotency_key: The sender's key; the same key and body give the same request.

    Raises:
        UnknownRegimeInputError: No clock is known for the regime and request type.
        IdempotencyConflictError: The key was used with a different body.
    """
    _check_regime(regime, request_type)
    letter = _Letter(
        regime=regime,
        request_type=request_type,
        email=email.strip(),
        intake_client=intake_client,
        idempotency_key=idempotency_key,
    )
    if earlier := _earlier(letter):
        return earlier
    try:
        with transaction.atomic():
            return _create(letter)
    except IntegrityError:
        # The unique constraint guarantees that of two simultaneous posts one creates the row.
        earlier = _earlier(letter)
        if earlier is None:
            raise
        return earlier


def _check_regime(regime: str, request_type: str) -> None:
    try:
        rule_for(regime, request_type)
    except UnknownRegimeError as error:
        pointer = FieldError(pointer="/regime", detail=str(error))
        raise UnknownRegimeInputError(str(error), errors=(pointer,)) from error


def _earlier(letter: _Letter) -> DeletionRequest | None:
    if not letter.idempotency_key:
        return None
    row = DeletionRequest.objects.filter(
        intake_client=letter.intake_client, idempotency_key=letter.idempotency_key
    ).first()
    if row and not constant_time_compare(bytes(row.body_digest), letter.body_digest()):
        raise IdempotencyConflictError
    return row


def _create(letter: _Letter) -> DeletionRequest:
    now = timezone.now()
    digest = subject_digest(letter.email)
    row = DeletionRequest.objects.create(
        reference=_next_reference(now.year),
        regime=letter.regime,
        request_type=letter.request_type,
        zone=settings.ORGANISATION_ZONE,
        holiday_calendar=settings.HOLIDAY_CALENDAR,
        state=State.RECEIVED,
        subject_digest=digest.value,
        key_version=digest.key_version,
        sealed_contact=seal(letter.email),
        received_at=now,
        due_on=now.date(),
        intake_client=letter.intake_client,
        idempotency_key=letter.idempotency_key,
        body_digest=letter.body_digest(),
    )
    record_clock_event(row, kind="start", at=now, note="The request was received.")
    publish("request.received", request_id=str(row.pk))
    append_entry(
        kind="request.received",
        actor=letter.intake_client,
        reference=reference_of(row.pk),
        payload={
            "reference": row.reference,
            "regime": row.regime,
            "request_type": row.request_type,
            "due_on": row.due_on.isoformat(),
            "note": f"Answer due by {row.due_on:%d %B %Y}.",
        },
    )
    return row


def _next_reference(year: int) -> str:
    with connection.cursor() as cursor:
        # A sequence never gives a number twice, even to transactions that run side by side.
        cursor.execute("SELECT nextval('deletion_requests_reference')")
        (number,) = cursor.fetchone()
    return f"VR-{year}-{number:06d}"
