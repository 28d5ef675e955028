"""How a job ends: its outcome, evidence, ledger entry and news in one transaction."""

import re
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from governance.errors import StaleState
from unlearning.jobs.findings import StepFinding
from unlearning.jobs.inputs import canonical_digest, plain_json
from unlearning.jobs.lease import Lease
from unlearning.ledgering import as_recorded, note, plan_changed, recipient_notice_due
from unlearning.models import Evidence, Job, JobState, Plan, PlanStep, StepState


def save_result(lease: Lease, result: Mapping[str, Any]) -> None:
    """Keep what the process left, so that a later attempt need not repeat the work.

    Raises:
        LeaseLostError: Somebody else holds the job now.
    """
    lease.renew(progress=0.9, message="result recorded", result=dict(result))


def finish_job(
    job: Job, lease: Lease, *, outcome: Mapping[str, Any], findings: Iterable[StepFinding]
) -> None:
    """Record that a job succeeded.

    Raises:
        LeaseLostError: Somebody else holds the job now; nothing is recorded.
        StaleState: The step is not running any more; nothing is recorded.
    """
    with transaction.atomic():
        # Checked and changed in one statement: of two attempts only the newest one gets past it.
        lease.end(JobState.SUCCEEDED, progress=1.0, message="", ended_at=timezone.now())
        for finding in findings:
            record_evidence(plan_id=job.plan_id, finding=finding)
        if job.step is not None:
            _finish_step(job.step, outcome)
        if job.purpose == "promotion":
            Plan.objects.filter(pk=job.plan_id).update(settled_at=timezone.now())
        note(job.plan, _LEDGER_KINDS[job.purpose], _summary(job, outcome))
        plan_changed(job.plan)


def fail_job(
    job: Job, lease: Lease, *, error: str, retry: bool = True, keep_result: bool = True
) -> None:
    """Record that an attempt failed; the sweeper tries again until the attempts are spent.

    Args:
        job: The job.
        lease: The right to work on it.
        error: What went wrong, and what a person can do about it.
        retry: Whether another attempt could do better by itself.
        keep_result: Whether the next attempt may build on what the process left.

    Raises:
        LeaseLostError: Somebody else holds the job now; nothing is recorded.
    """
    error = _without_records(error, job.plan.record_ids)
    with transaction.atomic():
        spent = not retry or job.attempts >= settings.JOB_MAX_ATTEMPTS
        state = JobState.NEEDS_HUMAN if spent else JobState.QUEUED
        dropped: dict[str, object] = {} if keep_result else {"result": {}}
        lease.end(state, error=error, ended_at=timezone.now(), **dropped)
        note(
            job.plan,
            "job.failed",
            {
                "job": str(job.pk),
                "purpose": job.purpose,
                "step": job.step.ordinal if job.step else None,
                "attempt": job.attempts,
                "final": spent,
                "note": error.strip().splitlines()[-1][:300] if error.strip() else "",
            },
        )
        if spent:
            PlanStep.objects.filter(jobs=job).update(state=StepState.FAILED)
            plan_changed(job.plan)


def _without_records(text: str, record_ids: Iterable[str]) -> str:
    """Take record ids out of a message: the ledger it goes to forgets nothing."""
    for record_id in record_ids:
        text = re.sub(rf"(?<!\w){re.escape(record_id)}(?!\w)", "[record]", text)
    return text


def record_evidence(*, plan_id: UUID, finding: StepFinding) -> Evidence:
    """Write a finding down; inside the caller's transaction. A later finding replaces it.

    Whoever records outside a job appends ``as_recorded`` of it to the ledger: a report whose
    evidence is not bound there reads as broken.
    """
    # Plain, so that every later reader can serialise exactly what the digest covers.
    payload = plain_json(finding.payload)
    row, _ = Evidence.objects.update_or_create(
        plan_id=plan_id,
        step_id=finding.step_id,
        kind=finding.kind,
        defaults={
            "outcome": finding.outcome,
            "summary": finding.summary[:500],
            "payload": payload,
            "digest": canonical_digest(payload),
        },
    )
    return row


#: What the ledger calls the end of a job, by its purpose.
_LEDGER_KINDS = {
    "step": "step.done",
    "verification": "plan.verified",
    "promotion": "plan.promoted",
}


def _finish_step(step: PlanStep, outcome: Mapping[str, Any]) -> None:
    moved = PlanStep.objects.filter(pk=step.pk, state=StepState.RUNNING).update(
        state=StepState.DONE, outcome=dict(outcome)
    )
    if moved != 1:
        raise StaleState
    if step.method == "recipient_notice":
        recipient_notice_due(step)


def _summary(job: Job, outcome: Mapping[str, Any]) -> dict[str, Any]:
    if job.step is None:
        evidence = Evidence.objects.filter(plan=job.plan).select_related("step__artifact")
        return {
            "job": str(job.pk),
            "evidence": as_recorded(evidence.order_by("step_id", "kind")),
            "note": "",
        }
    return {
        "job": str(job.pk),
        "step": job.step.ordinal,
        "method": job.step.method,
        "artifact": job.step.artifact_id,
        "name": job.step.artifact.name,
        "digest": outcome.get("digest"),
        "note": f"Step {job.step.ordinal}: {job.step.artifact.name}.",
    }
