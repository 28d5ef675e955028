"""Reads for reports: what a report is built from, and the reports that were signed."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from deletion_requests.lifecycle import State
from deletion_requests.selectors import RequestView
from governance.ledger.selectors import entries_about
from lineage.graph import ArtifactKind
from lineage.models import Artifact, ArtifactState
from reports.claims import Action, EvidenceItem
from reports.errors import ReportNotFoundError
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
from unlearning.selectors import EvidenceView, PlanView, StepView

#: Kind of the ledger entry that tells of a failed attempt.
FAILED_KIND = "report.failed"
#: Pause between two attempts, so that a full disk can be seen to.
PAUSE = timedelta(seconds=20)


def report_of(request_id: UUID) -> Report:
    """Find the signed report of a request.

    Raises:
        ReportNotFoundError: There is none yet.
    """
    report = Report.objects.filter(request_id=request_id).first()
    if report is None:
        raise ReportNotFoundError
    return report


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


def datasets_examined() -> int:
    """How many dataset versions a trace looks into: current ones that the record index covers."""
    versions = Artifact.objects.filter(
        kind=ArtifactKind.DATASET_VERSION, state=ArtifactState.CURRENT, indexed_at__isnull=False
    )
    return versions.count()


def request_facts(view: RequestView) -> RequestFacts:
    """Take from a request what its report states."""
    identity = view.identity
    events = tuple(
        (event.kind, event.occurred_at, event.rule, event.note) for event in view.clock_events
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
    """Take from the approvals what the report states."""
    return tuple(
        ApprovalFacts(
            officer=item.officer,
            roles=item.roles,
            approved_at=item.approved_at,
            is_author=item.is_author,
        )
        for item in view.approvals
    )


def findings_of(plan: PlanView) -> tuple[FindingFacts, ...]:
    """Every finding of a plan: step by step, then those about the plan as a whole."""
    of_steps = [_finding(item, step.artifact_name) for step in plan.steps for item in step.evidence]
    return (*of_steps, *(_finding(item, "") for item in plan.evidence))


def actions_of(
    plan: PlanView, trace: Mapping[str, Any], closing: Mapping[str, Any] | None
) -> tuple[Action, ...]:
    """What was done to each affected artifact, and which of them nothing was done to.

    Args:
        plan: The plan, carried out.
        trace: The trace that the plan rests on.
        closing: The trace after the work; what it still finds weakens the claims.
    """
    left = list(closing["affected"]) if closing else []
    treated = tuple(_action(step, _period(plan, step), left) for step in plan.steps)
    return (*treated, *_untreated(plan, trace), *_newly_found(plan, trace, left))


def _period(plan: PlanView, step: StepView) -> str:
    """When an action held that ends with the work, as a suppression does unless it is kept."""
    if plan.started_at is None:
        return ""
    until = f"{plan.settled_at:%Y-%m-%d %H:%M} UTC" if plan.settled_at else "now"
    start = f"{plan.started_at:%Y-%m-%d %H:%M} UTC"
    if any(item.kind == "suppression_kept" for item in step.evidence):
        return f"since the work began ({start}), and still are"
    return f"while the work was under way (between {start} and {until} at the longest)"


def _action(step: StepView, period: str, left: Iterable[Mapping[str, Any]]) -> Action:
    evidence = tuple(_evidence_item(item) for item in step.evidence)
    recorded = any(e.kind == "run_recorded" and e.outcome == "passed" for e in evidence)
    return Action(
        artifact_kind=step.artifact_kind,
        artifact_name=step.artifact_name,
        artifact_digest=step.artifact_digest,
        new_digest=str(step.outcome.get("digest") or ""),
        method=step.method,
        guarantee_class=step.guarantee_class,
        run_recorded=recorded and step.state == "done",
        evidence=evidence,
        place=step.artifact_location,
        period=period,
        found_again=_found_again(step, left),
    )


def _found_again(step: StepView, left: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """How the records still reach a step's artifact, or the one that it made."""
    own = {step.artifact_id, step.outcome.get("artifact")}
    found = (item["influence"] for item in left if item["artifact_id"] in own)
    return tuple(sorted({name for names in found for name in names}))


def _newly_found(
    plan: PlanView, trace: Mapping[str, Any], left: Iterable[Mapping[str, Any]]
) -> Iterator[Action]:
    """Artifacts that came up while the work was under way, so that no step treated them."""
    known = {item["artifact_id"] for item in trace["affected"]}
    known |= {step.outcome.get("artifact") for step in plan.steps}
    for item in left:
        if item["artifact_id"] not in known:
            yield Action(
                artifact_kind=item["kind"],
                artifact_name=item["name"],
                artifact_digest=item.get("digest", ""),
                found_again=tuple(sorted(item["influence"])),
                untreated_because="Only the trace after the work found it; no step treated it.",
            )


def _untreated(plan: PlanView, trace: Mapping[str, Any]) -> Iterator[Action]:
    """Affected artifacts without a step; a segment is treated with its dataset version."""
    treated = {step.artifact_id for step in plan.steps}
    reasons = {item["artifact_id"]: item["reason"] for item in plan.uncovered}
    for item in trace["affected"]:
        if item["artifact_id"] in treated or _covered_segment(item, reasons):
            continue
        yield Action(
            artifact_kind=item["kind"],
            artifact_name=item["name"],
            artifact_digest=item.get("digest", ""),
            untreated_because=reasons.get(item["artifact_id"], "No step of the plan treated it."),
        )


def _covered_segment(item: Mapping[str, Any], reasons: Mapping[int, str]) -> bool:
    return item["kind"] == ArtifactKind.SEGMENT and item["artifact_id"] not in reasons


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
        digest=payload_digest(item.payload),
    )


def _evidence_item(item: EvidenceView) -> EvidenceItem:
    return EvidenceItem(
        kind=item.kind,
        outcome=item.outcome,
        summary=item.summary,
        digest=payload_digest(item.payload),
    )


def payload_digest(payload: Mapping[str, Any]) -> str:
    """SHA-256 of a finding's canonical data, in hex."""
    return hashlib.sha256(canonical_json(dict(payload))).hexdigest()
