"""Reads for reports: what a report is built from, and the reports that were signed."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from deletion_requests.lifecycle import State
from deletion_requests.selectors import RequestView
from governance.ledger.fsck import Expected
from governance.ledger.selectors import entries_about, is_held
from reports.errors import AlteredReportError, ReportNotFoundError
from reports.facts import (
    ApprovalFacts,
    ClockFacts,
    FindingFacts,
    PlanFacts,
    RequestFacts,
    StepFacts,
)
from reports.models import Report
from reports.rendering import canonical_json
from reports.statement import SIGNED_KIND, sha256
from unlearning.jobs.inputs import canonical_digest
from unlearning.selectors import EvidenceView, PlanView, StepView

#: Kind of the ledger entry that tells of a failed attempt.
FAILED_KIND = "report.failed"
#: Pause between two attempts, so that a full disk can be seen to.
PAUSE = timedelta(seconds=20)


def report_of(request_id: UUID) -> Report:
    """Find the report of a request, as it was signed.

    Raises:
        ReportNotFoundError: There is none yet.
        AlteredReportError: What is stored is not what the ledger says was signed.
    """
    report = Report.objects.filter(request_id=request_id).first()
    if report is None:
        raise ReportNotFoundError
    if not is_held(_signed_entry(report)):
        raise AlteredReportError
    return report


def signed_entries() -> Iterator[Expected]:
    """The ledger entry that each stored report must have, in the ledger's order."""
    for report in Report.objects.order_by("ledger_index").iterator(chunk_size=20):
        yield _signed_entry(report)


def _signed_entry(report: Report) -> Expected:
    """The entry that must commit to a report; its digest is taken from the document itself.

    The column beside the document would not do: whoever changes the one can leave the other.
    """
    return Expected(
        index=report.ledger_index,
        what=f"report {report.pk}",
        kind=SIGNED_KIND,
        payload={"report": str(report.pk), "sha256": _document_digest(report.document)},
    )


def _document_digest(document: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical document; empty where it holds what no signed report can."""
    try:
        return sha256(canonical_json(document))
    except ValueError:
        return ""


def failed_attempts(request_id: UUID) -> list[datetime]:
    """When writing the report failed since it became due, oldest first."""
    moments: list[datetime] = []
    for entry in entries_about(f"request:{request_id}"):
        if entry.payload.get("to") == State.REPORTING:
            moments.clear()
        elif entry.kind == FAILED_KIND:
            moments.append(entry.recorded_at)
    return moments


def failed_recently(request_id: UUID) -> bool:
    """Whether the last attempt failed so lately that another one would hardly fare better."""
    moments = failed_attempts(request_id)
    return bool(moments) and timezone.now() - moments[-1] < PAUSE


def request_facts(view: RequestView) -> RequestFacts:
    """Take from a request what its report states."""
    identity = view.identity
    events = tuple(
        (event.kind, event.occurred_at, event.basis, event.rule, event.note)
        for event in view.clock_events
    )
    return RequestFacts(
        id=str(view.id),
        reference=view.reference,
        regime=view.regime,
        regime_name=view.regime_name,
        request_type=view.request_type,
        clock=ClockFacts(
            source=view.clock_source,
            rule=view.clock_rule,
            received_at=view.received_at,
            due_on=view.due_on,
            zone=view.zone,
            calendar=view.holiday_calendar,
            events=events,
        ),
        identity_method=identity.method if identity else "none",
        identity_confirmed_at=identity.confirmed_at if identity else None,
    )


def plan_facts(plan: PlanView) -> PlanFacts:
    """Take from a plan what its report states."""
    return PlanFacts(
        digest=plan.digest,
        author=plan.author,
        steps=tuple(_step_facts(step) for step in plan.steps),
        uncovered=plan.uncovered,
    )


def approval_facts(view: RequestView) -> tuple[ApprovalFacts, ...]:
    """Take from the approvals what the report states, with the roles that officers had then."""
    roles = {
        (entry.actor, entry.payload.get("plan_digest")): entry.payload.get("roles")
        for entry in entries_about(f"request:{view.id}")
        if entry.kind == "request.approval"
    }
    return tuple(
        ApprovalFacts(
            officer=item.officer,
            roles=tuple(roles.get((f"officer:{item.officer}", item.plan_digest)) or item.roles),
            approved_at=item.approved_at,
            is_author=item.is_author,
        )
        for item in view.approvals
    )


def findings_of(plan: PlanView) -> tuple[FindingFacts, ...]:
    """Every finding of a plan: step by step, then those about the plan as a whole."""
    of_steps = [_finding(item, step.artifact_name) for step in plan.steps for item in step.evidence]
    return (*of_steps, *(_finding(item, "") for item in plan.evidence))


def _step_facts(step: StepView) -> StepFacts:
    return StepFacts(
        ordinal=step.ordinal,
        artifact_kind=step.artifact_kind,
        artifact_name=step.artifact_name,
        method=step.method,
        method_name=step.method_name,
        guarantee_class=step.guarantee_class,
        cost_seconds=step.cost_seconds,
        cost_basis=step.cost_basis,
        reason=step.reason,
        alternatives=step.alternatives,
        depends_on=step.depends_on,
        state=step.state,
    )


def _finding(item: EvidenceView, artifact: str) -> FindingFacts:
    return FindingFacts(
        artifact=artifact,
        kind=item.kind,
        outcome=item.outcome,
        summary=item.summary,
        payload=item.payload,
        digest=canonical_digest(item.payload),
    )
