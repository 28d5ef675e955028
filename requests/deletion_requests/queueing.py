"""The queue: every request in one line each, open ones first, the earliest deadline on top."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from deletion_requests.deadlines import days_left, rule_for, today_in
from deletion_requests.lifecycle import FINAL_STATES, State, label_of
from deletion_requests.models import DeletionRequest
from deletion_requests.recipient_selectors import attention_to, recipients_of
from governance.paging import Slice, slice_of


@dataclass(frozen=True, kw_only=True)
class QueueFilters:
    """What to list; empty strings list everything."""

    state: str = ""
    #: Part of a reference.
    text: str = ""
    #: Only what is open and past its day.
    overdue: bool = False
    page: str = ""


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


def queue(filters: QueueFilters) -> list[QueueRow]:
    """List every request that the filters let through, on whatever page, in the queue's order."""
    now = timezone.now()
    return [_queue_row(row, now) for row in _rows(filters, now)]


def queue_slice(filters: QueueFilters) -> Slice[QueueRow]:
    """List one page of the queue."""
    now = timezone.now()
    return slice_of(_rows(filters, now), lambda row: _queue_row(row, now), number=filters.page)


def _rows(filters: QueueFilters, now: datetime) -> "QuerySet[DeletionRequest]":
    """What is open before what has ended, and of each the earliest deadline first."""
    rows = (
        DeletionRequest.objects.alias(ended=Q(state__in=FINAL_STATES))
        .order_by("ended", "due_on", "reference")
        .prefetch_related("recipient_notices")
    )
    if filters.state:
        rows = rows.filter(state=filters.state)
    if filters.text:
        rows = rows.filter(reference__icontains=filters.text)
    if filters.overdue:
        rows = rows.filter(_late(now)).exclude(state__in=FINAL_STATES)
    return rows


def _late(now: datetime) -> Q:
    """Past the last day, as it is counted in the zone of each request's own clock."""
    zones = DeletionRequest.objects.order_by().values_list("zone", flat=True).distinct()
    late = Q(pk__in=())
    for zone in zones:
        late |= Q(zone=zone, due_on__lt=today_in(zone, now=now))
    return late


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
