"""The story of one request, told from its ledger entries."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from governance.ledger.selectors import entries_about

#: Ledger kind → what people read; the detail comes from the entry's own sentence.
TITLES: dict[str, str] = {
    "request.received": "Request received",
    "request.code_sent": "One-time code sent",
    "request.identity_confirmed": "Identity confirmed",
    "request.identity_refused": "Wrong code entered",
    "request.identity_failed": "Identity not confirmed",
    "request.trace_recorded": "Trace recorded",
    "request.plan_drafted": "Plan drafted",
    "request.approval": "Plan approved by one officer",
    "request.plan_approved": "Plan approved",
    "request.plan_outdated": "Plan outdated: traced and planned again",
    "request.steps_started": "Work began",
    "request.steps_finished": "All steps done",
    "request.evidence_recorded": "Evidence recorded",
    "request.recipients_open": "Waiting for recipients",
    "request.recipients_answered": "Every recipient has answered",
    "request.reported_as_partial": "Reported without waiting for recipients",
    "request.nothing_found": "No record found",
    "request.report_written": "Report signed and request closed",
    "request.withdrawal": "Withdrawn",
    "request.denial": "Denied",
    "request.attention_needed": "A person is needed",
    "request.attempt_failed": "The request could not be carried on",
    "request.code_failed": "One-time code could not be sent",
    "request.code_resumed": "Resumed: a new code is sent",
    "request.trace_resumed": "Resumed: traced again",
    "request.steps_resumed": "Resumed: steps repeated",
    "trace.initial": "Traced",
    "trace.closing": "Traced again before closing",
    "plan.drafted": "Plan written down",
    "plan.retried": "Failed jobs queued again",
    "step.done": "Step done",
    "plan.verified": "Plan verified",
    "plan.promoted": "New versions went live",
    "job.failed": "A job failed",
    "job.stranded": "A worker stopped answering",
    "recipient.letter_asked": "Letter to a recipient asked for",
    "recipient.notified": "Recipient notified",
    "recipient.failed": "A recipient could not be notified",
    "recipient.reminded": "Recipient reminded",
    "recipient.acknowledged": "Recipient acknowledged",
    "recipient.unanswered": "Recipient did not answer",
    "report.signed": "Report signed",
    "report.failed": "The report could not be written",
    # Not about a request; the ledger's page shows them too.
    "api_client.issued": "API key issued",
    "terms.stated": "Terms of an artifact stated",
    "officer.registered": "Officer registered",
    "officer.roles_changed": "Roles of an officer changed",
}


@dataclass(frozen=True, kw_only=True)
class TimelineEntry:
    """One thing that happened."""

    at: datetime
    title: str
    detail: str
    actor: str
    #: Position in the ledger.
    index: int


def reference_of(request_id: UUID) -> str:
    """Name a request as ledger entries do."""
    return f"request:{request_id}"


def timeline_of(request_id: UUID) -> tuple[TimelineEntry, ...]:
    """Read what the ledger holds about one request, oldest first."""
    return tuple(
        TimelineEntry(
            at=entry.recorded_at,
            title=TITLES.get(entry.kind, entry.kind.replace(".", " ").replace("_", " ")),
            detail=_detail(entry.payload),
            actor=entry.actor,
            index=entry.index,
        )
        for entry in entries_about(reference_of(request_id))
    )


def _detail(payload: Mapping[str, Any]) -> str:
    return str(payload.get("note", ""))
