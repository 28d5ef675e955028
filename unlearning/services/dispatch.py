"""From an approved plan to jobs: each step when those it depends on are done."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from unlearning.errors import PlanNotFoundError, PlanStartedError
from unlearning.jobs.inputs import (
    canonical_digest,
    promotion_input,
    step_input,
    verification_input,
)
from unlearning.ledgering import job_ready, note
from unlearning.models import Job, JobState, Plan, PlanStep, StepState


@transaction.atomic
def start_plan(*, plan_id: UUID) -> None:
    """Let the work on an approved plan begin.

    Raises:
        PlanNotFoundError: There is no such plan.
        PlanStartedError: It was started already.
    """
    if not Plan.objects.filter(pk=plan_id).exists():
        raise PlanNotFoundError
    moved = Plan.objects.filter(pk=plan_id, started_at=None).update(started_at=timezone.now())
    if moved != 1:
        raise PlanStartedError
    dispatch_ready_steps(plan_id=plan_id)


@transaction.atomic
def dispatch_ready_steps(*, plan_id: UUID) -> int:
    """Queue whatever can be worked on now; repeating this is harmless.

    Returns:
        How many jobs were queued.

    Raises:
        PlanNotFoundError: There is no such plan.
    """
    # The row lock guarantees that two callers do not both find a step waiting.
    plan = Plan.objects.select_for_update().filter(pk=plan_id).first()
    if plan is None:
        raise PlanNotFoundError
    if plan.started_at is None or plan.settled_at is not None:
        return 0
    steps = list(plan.steps.select_related("artifact", "plan").prefetch_related("depends_on"))
    if all(step.state == StepState.DONE for step in steps):
        return _dispatch_rest(plan)
    ready = [
        step
        for step in steps
        if step.state == StepState.WAITING
        and all(other.state == StepState.DONE for other in step.depends_on.all())
    ]
    for step in ready:
        PlanStep.objects.filter(pk=step.pk, state=StepState.WAITING).update(state=StepState.RUNNING)
        _queue(plan, step, step_input(step))
    return len(ready)


@transaction.atomic
def retry_plan(*, plan_id: UUID, actor: str) -> int:
    """Give the jobs of a stuck plan their attempts back, because a person says so.

    Returns:
        How many jobs were queued again.
    """
    plan = Plan.objects.select_for_update().get(pk=plan_id)
    stuck = list(plan.jobs.filter(state=JobState.NEEDS_HUMAN))
    for job in stuck:
        # A person who resumes a refused promotion takes the decision that the floor left to them.
        # Whoever resumes it later, after another failure, repeats that decision and takes none.
        accepted = {"accepted_by": actor} if job.purpose == "promotion" else {}
        Job.objects.filter(pk=job.pk, state=JobState.NEEDS_HUMAN).update(
            state=JobState.QUEUED, attempts=0, error="", input={**accepted, **job.input}
        )
        PlanStep.objects.filter(jobs=job, state=StepState.FAILED).update(state=StepState.RUNNING)
        job_ready(job)
    note(plan, "plan.retried", {"jobs": [str(job.pk) for job in stuck]}, actor=actor)
    return len(stuck)


def _dispatch_rest(plan: Plan) -> int:
    """Queue the verification, and after it the promotion."""
    if not plan.jobs.filter(purpose="verification").exists():
        _queue(plan, None, verification_input(plan))
        return 1
    verified = plan.jobs.filter(purpose="verification", state=JobState.SUCCEEDED).exists()
    if verified and not plan.jobs.filter(purpose="promotion").exists():
        _queue(plan, None, promotion_input(plan))
        return 1
    return 0


def _queue(plan: Plan, step: PlanStep | None, job_input: dict[str, Any]) -> None:
    job, made = Job.objects.get_or_create(
        plan=plan,
        step=step,
        purpose=job_input["purpose"],
        input_digest=canonical_digest(job_input),
        defaults={"input": job_input},
    )
    if made:
        job_ready(job)
