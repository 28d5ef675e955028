"""Reads of deletion requests as plain values for the API, the pages and the report."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.utils import timezone

from deletion_requests.approvals import approval_blocker
from deletion_requests.deadlines import compute_clock, days_left, rule_for
from deletion_requests.errors import RequestNotFoundError
from deletion_requests.lifecycle import FINAL_STATES, UNTIL_THE_WORK, State, label_of
from deletion_requests.models import Approval, ClockEvent, DeletionRequest, RecordedTrace
from deletion_requests.queueing import QueueFilters, QueueRow, queue, queue_slice
from deletion_requests.recipient_selectors import RecipientView, attention_to, recipients_of
from deletion_requests.subjects import subject_of
from deletion_requests.timeline import TimelineEntry, timeline_of
from governance.models import Role
from lineage.selectors import Duplicate, duplicates_of
from unlearning.selectors import PlanView, latest_plan_of

__all__ = [
    "ApprovalView",
    "ClockEventView",
    "QueueFilters",
    "QueueRow",
    "RecipientView",
    "RequestView",
    "TimelineEntry",
    "approval_blocker",
    "duplicates_in",
    "queue",
    "queue_slice",
    "request_view",
]


@dataclass(frozen=True, kw_only=True)
class ClockEventView:
    """One event that moved the statutory clock."""

    kind: str
    occurred_at: datetime
    #: ``identity`` or ``clarification`` for a pause or resumption.
    basis: str
    rule: str
    note: str


@dataclass(frozen=True, kw_only=True)
class IdentityView:
    """How far the identity check has come; no document is ever kept."""

    sent_at: datetime
    attempts: int
    confirmed_at: datetime | None
    method: str = "one-time code sent to the contact address"


@dataclass(frozen=True, kw_only=True)
class ApprovalView:
    """One officer's yes."""

    officer: str
    officer_id: int
    roles: tuple[str, ...]
    approved_at: datetime
    #: Whether this person also wrote the plan.
    is_author: bool
    plan_digest: str


@dataclass(frozen=True, kw_only=True)
class RequestView:
    """Everything that a reader of one request may see; the subject's address is not in it."""

    id: UUID
    reference: str
    regime: str
    regime_name: str
    request_type: str
    state: str
    state_label: str
    #: Whether nothing can change any more.
    final: bool
    outcome: str
    attention: str
    received_at: datetime
    closed_at: datetime | None
    due_on: date
    #: Negative when late.
    days_left: int
    acknowledge_by: date | None
    paused: bool
    #: The legal source of the clock.
    clock_source: str
    clock_rule: str
    #: IANA zone and public holidays that the clock's days are counted by.
    zone: str
    holiday_calendar: str
    clock_events: tuple[ClockEventView, ...]
    identity: IdentityView | None
    #: The impact document of the first trace.
    trace: Mapping[str, Any] | None
    #: The same after the work.
    closing_trace: Mapping[str, Any] | None
    plan: PlanView | None
    approvals: tuple[ApprovalView, ...]
    #: Who received a copy, what they were told and what they answered.
    recipients: tuple[RecipientView, ...]
    timeline: tuple[TimelineEntry, ...]
    #: The signed report that answers the request, once written.
    report_id: UUID | None


def get_request(request_id: UUID) -> DeletionRequest:
    """Fetch a request's row.

    Raises:
        RequestNotFoundError: There is no such request.
    """
    row = DeletionRequest.objects.filter(pk=request_id).first()
    if row is None:
        raise RequestNotFoundError
    return row


def request_view(request_id: UUID) -> RequestView:
    """Read everything about one request.

    Raises:
        RequestNotFoundError: There is no such request.
    """
    row = get_request(request_id)
    now = timezone.now()
    rule = rule_for(row.regime, row.request_type)
    events = list(row.clock_events.all())
    clock = compute_clock(
        rule,
        [event.moment() for event in events],
        zone=row.zone,
        calendar=row.holiday_calendar,
        now=now,
    )
    traces = {trace.purpose: trace for trace in RecordedTrace.objects.filter(request=row)}
    plan = latest_plan_of(row.id)
    recipients = recipients_of(row.recipient_notices.all())
    return RequestView(
        id=row.id,
        reference=row.reference,
        regime=row.regime,
        regime_name=rule.name,
        request_type=row.request_type,
        state=row.state,
        state_label=label_of(State(row.state), row.outcome),
        final=State(row.state) in FINAL_STATES,
        outcome=row.outcome,
        attention=row.attention or attention_to(recipients, State(row.state)),
        received_at=row.received_at,
        closed_at=row.closed_at,
        due_on=clock.respond_by,
        days_left=days_left(clock.respond_by, zone=row.zone, now=now),
        acknowledge_by=clock.acknowledge_by,
        paused=clock.paused,
        clock_source=rule.source,
        clock_rule=rule.label,
        zone=row.zone,
        holiday_calendar=row.holiday_calendar,
        clock_events=tuple(_clock_event(event) for event in events),
        identity=_identity(row),
        trace=traces["initial"].impact if "initial" in traces else None,
        closing_trace=traces["closing"].impact if "closing" in traces else None,
        plan=plan,
        approvals=_approvals(plan) if plan else (),
        recipients=recipients,
        timeline=timeline_of(row.id),
        report_id=row.report_id,
    )


def duplicates_in(request_id: UUID) -> tuple[Duplicate, ...]:
    """Rows that say the same as the data subject's records; none once the work has begun.

    Raises:
        RequestNotFoundError: There is no such request.
        CannotUnseal: The key of digests is being changed, and the address was sealed with another.
    """
    row = get_request(request_id)
    return duplicates_of(subject_of(row)) if State(row.state) in UNTIL_THE_WORK else ()


def _clock_event(event: ClockEvent) -> ClockEventView:
    return ClockEventView(
        kind=event.kind,
        occurred_at=event.occurred_at,
        basis=event.basis,
        rule=event.rule,
        note=event.note,
    )


def _identity(row: DeletionRequest) -> IdentityView | None:
    check = getattr(row, "identity_check", None)
    if check is None:
        return None
    return IdentityView(
        sent_at=check.sent_at, attempts=check.attempts, confirmed_at=check.confirmed_at
    )


def _approvals(plan: PlanView) -> tuple[ApprovalView, ...]:
    given = Approval.objects.filter(plan_id=plan.id).select_related("officer")
    rows = given.order_by("approved_at", "pk")
    return tuple(
        ApprovalView(
            officer=row.officer.get_username(),
            officer_id=row.officer_id,
            roles=tuple(Role(role).label for role in row.officer.roles),
            approved_at=row.approved_at,
            is_author=row.officer_id == plan.author_id,
            plan_digest=row.plan_digest,
        )
        for row in rows
    )
