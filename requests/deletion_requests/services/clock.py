"""Writes to the statutory clock: events are recorded, the deadline is derived."""

from datetime import datetime

from deletion_requests.deadlines import compute_clock, rule_for
from deletion_requests.models import ClockEvent, DeletionRequest


def record_clock_event(
    request: DeletionRequest, *, kind: str, at: datetime, basis: str = "", note: str = ""
) -> None:
    """Record an event and derive the deadline anew; inside the caller's transaction."""
    rule = rule_for(request.regime, request.request_type)
    ClockEvent.objects.create(
        request=request, kind=kind, occurred_at=at, basis=basis, rule=rule.label, note=note
    )
    events = [event.moment() for event in request.clock_events.all()]
    clock = compute_clock(
        rule, events, zone=request.zone, calendar=request.holiday_calendar, now=at
    )
    request.due_on = clock.respond_by
    request.save(update_fields=["due_on"])
