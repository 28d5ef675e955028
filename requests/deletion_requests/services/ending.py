"""How a request ends: with a report, withdrawn or denied."""

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from deletion_requests.errors import WrongTransitionError
from deletion_requests.lifecycle import Event, State
from deletion_requests.models import DeletionRequest
from deletion_requests.services.clock import record_clock_event
from deletion_requests.services.transitions import SYSTEM, locked_request, move, require
from unlearning.selectors import latest_plan_of
from unlearning.services import discard_workspaces


@transaction.atomic
def close_with_report(*, request_id: UUID, report_id: UUID) -> None:
    """Close a request whose signed report lies ready; repeating this is harmless."""
    request = locked_request(request_id)
    if request.state == State.CLOSED:
        return
    now = timezone.now()
    require(request, Event.REPORT_WRITTEN)
    record_clock_event(request, kind="stop", at=now, note="The report answers the request.")
    move(
        request,
        Event.REPORT_WRITTEN,
        actor=SYSTEM,
        note="The report is signed.",
        outcome=request.outcome or "answered",
        report_id=report_id,
        closed_at=now,
    )
    # After COMMIT only, for nothing brings a folder back; what fails here the sweeper repeats.
    transaction.on_commit(lambda: discard_workspaces(case_id=request_id), robust=True)


@transaction.atomic
def withdraw_request(*, request_id: UUID, actor: str) -> DeletionRequest:
    """End a request that the data subject takes back, as long as no work has begun.

    Raises:
        RequestNotFoundError: There is no such request.
        WrongTransitionError: Work has begun, or the request has ended.
    """
    request = locked_request(request_id)
    now = timezone.now()
    require(request, Event.WITHDRAWAL)
    record_clock_event(request, kind="stop", at=now, note="The request was withdrawn.")
    move(request, Event.WITHDRAWAL, actor=actor, outcome="withdrawn", closed_at=now)
    return request


@transaction.atomic
def deny_request(*, request_id: UUID, actor: str, reason: str) -> DeletionRequest:
    """End a request that a person looked at and refuses, with the reason in one sentence.

    Raises:
        RequestNotFoundError: There is no such request.
        WrongTransitionError: The request does not wait for a person, or work has begun.
    """
    request = locked_request(request_id)
    now = timezone.now()
    require(request, Event.DENIAL)
    plan = latest_plan_of(request.pk)
    if plan is not None and plan.started_at is not None:
        raise WrongTransitionError("Work has begun, so this request can no longer be denied.")
    record_clock_event(request, kind="stop", at=now, note="The request was denied.")
    move(request, Event.DENIAL, actor=actor, note=reason, outcome="denied", closed_at=now)
    return request
