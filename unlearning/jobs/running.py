"""Carries out one job from lease to recorded outcome."""

import logging
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from governance.errors import VestigeError
from unlearning.errors import (
    JobFailedError,
    LeaseLostError,
    PromotionRefusedError,
    ResultOutdatedError,
)
from unlearning.jobs import workspace
from unlearning.jobs.destruction import destroyed_finding
from unlearning.jobs.findings import StepFinding, merged, run_recorded
from unlearning.jobs.lease import Lease, acquire
from unlearning.jobs.locks import effect_lock
from unlearning.jobs.process import run_in_subprocess
from unlearning.jobs.promotion import promote_plan
from unlearning.jobs.publishing import publish_step
from unlearning.jobs.suppression import probe
from unlearning.models import Job, PlanStep
from unlearning.services.discarding import discard_workspaces
from unlearning.services.settling import fail_job, finish_job, save_result

log = logging.getLogger(__name__)


def run_job(*, job_id: UUID) -> None:
    """Work on a job if it waits for somebody; whatever happens is recorded on the job.

    A worker may be killed at any line: the sweeper gives the job to another one, which finds the
    result of the process, and the effects in the world, where they were left.
    """
    lease = acquire(job_id)
    if lease is None:
        return
    job = Job.objects.select_related("plan", "step__artifact", "step__plan").get(pk=job_id)
    try:
        _carry_out(job, lease)
    except LeaseLostError:
        log.warning("Job %s went to another worker; this attempt has no effect.", job_id)
    except PromotionRefusedError as error:
        _record_failure(job, lease, str(error), retry=False)
    except ResultOutdatedError as error:
        _record_failure(job, lease, str(error), keep_result=False)
    except (JobFailedError, VestigeError) as error:
        _record_failure(job, lease, str(error))
    except Exception as error:  # a worker outlives every defect of one job, and records it
        log.exception("Job %s failed", job_id)
        _record_failure(job, lease, f"{type(error).__name__}: {error}")


def _record_failure(
    job: Job, lease: Lease, error: str, *, retry: bool = True, keep_result: bool = True
) -> None:
    try:
        fail_job(job, lease, error=error, retry=retry, keep_result=keep_result)
    except LeaseLostError:
        log.warning("Job %s failed after it went to another worker: %s", job.pk, error)


def _carry_out(job: Job, lease: Lease) -> None:
    if job.purpose == "promotion":
        with effect_lock(f"plan:{job.plan_id}"):
            findings = promote_plan(job, lease)
        finish_job(job, lease, outcome={}, findings=findings)
        _tidy_up(job)
        return
    result = _result(job, lease)
    if job.purpose == "verification":
        # Not before the result is kept: another attempt would have nothing to attack with.
        workspace.destroy_kept_records(job.input)
    findings = [_finding(job, item) for item in result.get("evidence", [])]
    outcome: dict[str, Any] = {}
    if job.step is not None:
        with effect_lock(f"step:{job.step_id}"):
            outcome = publish_step(job.step, result, lease)
            findings.append(run_recorded(job))
            job.step.outcome = outcome
            findings += _looked_again(job.step)
    finish_job(job, lease, outcome=outcome, findings=merged(findings))


def _tidy_up(job: Job) -> None:
    """Delete what the jobs of a settled plan left here: copies of what was just destroyed.

    The request may wait for weeks after this, for a recipient. What cannot be deleted now, the
    sweeper deletes when the case has ended.
    """
    try:
        discard_workspaces(case_id=job.plan.case_id)
    except OSError:
        log.exception("The folders of plan %s could not be deleted", job.plan_id)


def _looked_again(step: PlanStep) -> list[StepFinding]:
    """Look at the world right after an effect that no verification could look at later."""
    if step.method == "output_suppression":
        return [probe(step)]
    if step.method == "artifact_destruction":
        return [destroyed_finding(step, "artifact_destroyed", step.outcome["receipts"])]
    return []


def _result(job: Job, lease: Lease) -> Mapping[str, Any]:
    """Return what the job's process left, from an earlier attempt where there is one."""
    if job.result:
        return dict(job.result)
    result = run_in_subprocess(workspace.prepare(job.input, lease), lease)
    save_result(lease, result)
    return result


def _finding(job: Job, item: Mapping[str, Any]) -> StepFinding:
    return StepFinding(
        step_id=item.get("step_id", job.step_id),
        kind=item["kind"],
        outcome=item["outcome"],
        summary=item["summary"],
        payload=item.get("payload", {}),
    )
