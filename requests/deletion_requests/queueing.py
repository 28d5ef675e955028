"""The queue: every request in one line each, the earliest deadline first."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.utils import timezone

from deletion_requests.deadlines import days_left, rule_for
from deletion_requests.lifecycle import FINAL_STATES, State, label_of
from deletion_requests.models import DeletionRequest
from deletion_requests.recipient_selectors import attention_to, recipients_of


@dataclass(frozen=True, kw_only=True)
class QueueFilters:
    """What to list; empty strings list everything."""

    state: str = ""
    regime: str = ""
    #: Part of a reference.
    text: str = ""
    #: Leave out what is final.
    open_only: bool = False


@dataclass(frozen=True, kw_only=True)
class QueueRow:
    """One line of the queue."""

    id: UUID
    reference: str
    regime: str
    regime_name: str
    request_type: str
    state: str
    state_label: str
    final: bool
    outcome: str
    attention: str
    received_at: datetime
    due_on: date
    days_left: int


def queue(filters: QueueFilters | None = None) -> list[QueueRow]:
    """List requests, the earliest deadline first."""
    wanted = filters or QueueFilters()
    rows = DeletionRequest.objects.order_by("due_on", "reference").prefetch_related(
        "recipient_notices"
    )
    if wanted.state:
        rows = rows.filter(state=wanted.state)
    if wanted.regime:
        rows = rows.filter(regime=wanted.regime)
    if wanted.text:
        rows = rows.filter(reference__icontains=wanted.text)
    if wanted.open_only:
        rows = rows.exclude(state__in=FINAL_STATES)
    now = timezone.now()
    return [_queue_row(row, now) for row in rows]


def _queue_row(row: DeletionRequest, now: datetime) -> QueueRow:
    recipients = recipients_of(row.recipient_notices.all())
    return QueueRow(
        id=row.id,
        reference=row.reference,
        regime=row.regime,
        regime_name=rule_for(row.regime, row.request_type).name,
        request_type=row.request_type,
        state=row.state,
        state_label=label_of(State(row.state), row.outcome),
        final=State(row.state) in FINAL_STATES,
        outcome=row.outcome,
        attention=row.attention or attention_to(recipients, State(row.state)),
        received_at=row.received_at,
        due_on=row.due_on,
        days_left=days_left(row.due_on, zone=row.zone, now=now),
    )
