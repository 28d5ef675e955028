"""A request as the API shows it."""

from datetime import date, datetime
from typing import Any

from deletion_requests.deadlines import Moment, compute_clock, rule_for
from deletion_requests.models import DeletionRequest
from deletion_requests.selectors import ApprovalView, RecipientView, RequestView
from unlearning.selectors import PlanView, StepView


def receipt(request: DeletionRequest) -> dict[str, Any]:
    """Render the answer to an intake: the same whether the person is known or not.

    It holds only what the intake fixed, so that a repeated Idempotency-Key gets the same body.
    """
    base = f"/api/v1/requests/{request.pk}"
    return {
        "id": str(request.pk),
        "reference": request.reference,
        "state": "received",
        "received_at": request.received_at.isoformat(),
        "due_on": _due_at_receipt(request).isoformat(),
        "links": {"self": base, "identity": f"{base}/identity", "withdrawal": f"{base}/withdrawal"},
    }


def _due_at_receipt(request: DeletionRequest) -> date:
    clock = compute_clock(
        rule_for(request.regime, request.request_type),
        [Moment(kind="start", at=request.received_at)],
        zone=request.zone,
        calendar=request.holiday_calendar,
        now=request.received_at,
    )
    return clock.respond_by


def request_document(view: RequestView) -> dict[str, Any]:
    """Render everything about one request."""
    base = f"/api/v1/requests/{view.id}"
    return {
        "id": str(view.id),
        "reference": view.reference,
        "regime": view.regime,
        "request_type": view.request_type,
        "state": view.state,
        "outcome": view.outcome,
        "attention": view.attention,
        "received_at": view.received_at.isoformat(),
        "closed_at": _moment(view.closed_at),
        "clock": _clock(view),
        "trace": view.trace,
        "closing_trace": view.closing_trace,
        "plan": _plan(view.plan, view.approvals) if view.plan else None,
        "recipients": [_recipient(item) for item in view.recipients],
        "report": f"{base}/report" if view.report_id else None,
        "links": {"self": base},
    }


def _clock(view: RequestView) -> dict[str, Any]:
    return {
        "rule": view.clock_rule,
        "source": view.clock_source,
        "due_on": view.due_on.isoformat(),
        "acknowledge_by": view.acknowledge_by.isoformat() if view.acknowledge_by else None,
        "days_left": view.days_left,
        "paused": view.paused,
        "events": [
            {
                "kind": event.kind,
                "occurred_at": event.occurred_at.isoformat(),
                "rule": event.rule,
                "note": event.note,
            }
            for event in view.clock_events
        ],
    }


def _plan(plan: PlanView, approvals: tuple[ApprovalView, ...]) -> dict[str, Any]:
    return {
        "id": str(plan.id),
        "digest": plan.digest,
        "author": plan.author,
        "status": plan.status,
        "progress": round(plan.progress, 3),
        "steps": [_step(step) for step in plan.steps],
        "uncovered": [dict(item) for item in plan.uncovered],
        "approvals": [
            {
                "officer": approval.officer,
                "approved_at": approval.approved_at.isoformat(),
                "is_author": approval.is_author,
            }
            for approval in approvals
        ],
    }


def _recipient(item: RecipientView) -> dict[str, Any]:
    return {
        "id": str(item.id),
        "name": item.name,
        "address": item.address,
        "dataset": item.dataset,
        "records": item.records,
        "state": item.state,
        "notified_at": _moment(item.notified_at),
        "reminded_at": _moment(item.reminded_at),
        "acknowledged_at": _moment(item.acknowledged_at),
        "acknowledged_by": item.how or None,
        "error": item.error,
        "note": item.note,
    }


def _moment(value: datetime | None) -> str | None:
    return value.isoformat() if value else None


def _step(step: StepView) -> dict[str, Any]:
    return {
        "ordinal": step.ordinal,
        "artifact": {
            "id": step.artifact_id,
            "kind": step.artifact_kind,
            "name": step.artifact_name,
        },
        "method": step.method,
        "guarantee_class": step.guarantee_class,
        "cost_seconds": step.cost_seconds,
        "cost_basis": step.cost_basis,
        "reason": step.reason,
        "places": list(step.places),
        "alternatives": [dict(item) for item in step.alternatives],
        "depends_on": list(step.depends_on),
        "state": step.state,
        "progress": round(step.progress, 3),
        "message": step.message,
        "attempts": step.job_attempts,
        "error": step.job_error,
        "evidence": [
            {"kind": item.kind, "outcome": item.outcome, "summary": item.summary}
            for item in step.evidence
        ],
    }
