"""Reads of plans, steps, jobs and evidence as plain values."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db.models import Prefetch

from lineage.selectors import locations_of
from unlearning.errors import PlanNotFoundError
from unlearning.methods import METHODS
from unlearning.models import Evidence, Job, JobState, Plan, PlanStep, StepState
from unlearning.planning import TOUCH_NO_FILE


class PlanStatus(StrEnum):
    """How far the work on a plan has come."""

    DRAFTED = "drafted"
    EXECUTING = "executing"
    VERIFYING = "verifying"
    SETTLED = "settled"
    STUCK = "stuck"


@dataclass(frozen=True, kw_only=True)
class EvidenceView:
    """One finding."""

    kind: str
    #: ``passed``, ``failed`` or ``inconclusive``.
    outcome: str
    summary: str
    payload: Mapping[str, Any]
    digest: str


@dataclass(frozen=True, kw_only=True)
class StepView:
    """One step with the state of its work."""

    id: int
    ordinal: int
    artifact_id: int
    artifact_kind: str
    artifact_name: str
    artifact_digest: str
    artifact_location: str
    method: str
    method_name: str
    guarantee_class: str
    cost_seconds: float | None
    cost_basis: str
    reason: str
    #: URIs of every place at which files change.
    places: tuple[str, ...]
    alternatives: tuple[Mapping[str, str], ...]
    depends_on: tuple[int, ...]
    state: str
    #: 0.0 to 1.0.
    progress: float
    message: str
    job_attempts: int
    job_error: str
    evidence: tuple[EvidenceView, ...]
    outcome: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class PlanView:
    """A plan as officers, the API and the report read it."""

    id: UUID
    digest: str
    author: str
    author_id: int | None
    snapshot_hash: str
    created_at: Any
    started_at: Any
    settled_at: Any
    status: PlanStatus
    steps: tuple[StepView, ...]
    #: Affected artifacts that no method can treat: ``{"artifact", "reason"}``.
    uncovered: tuple[Mapping[str, Any], ...]
    #: Findings about the plan as a whole.
    evidence: tuple[EvidenceView, ...]
    #: 0.0 to 1.0 over all steps, the verification and the promotion.
    progress: float
    #: What the job on the whole plan is doing now, or an empty string.
    message: str


def plan_view(plan_id: UUID) -> PlanView:
    """Read a plan with its steps, progress and evidence.

    Raises:
        PlanNotFoundError: There is no such plan.
    """
    plan = _plans().filter(pk=plan_id).first()
    if plan is None:
        raise PlanNotFoundError
    return _view(plan)


def latest_plan_of(case_id: UUID) -> PlanView | None:
    """Read the newest plan of a case, or None before one was drafted."""
    plan = _plans().filter(case_id=case_id).order_by("-created_at").first()
    return None if plan is None else _view(plan)


def work_under_way_on(artifacts: Collection[int], *, besides: UUID) -> bool:
    """Whether a plan other than ``besides`` is at work on one of these artifacts."""
    return (
        Plan.objects.filter(steps__artifact__in=artifacts, settled_at=None)
        .exclude(started_at=None)
        .exclude(pk=besides)
        .exists()
    )


def places_have_changed(plan: PlanView) -> bool:
    """Whether an artifact of a plan is recorded at other places than officers approved."""
    return any(
        set(step.places) != set(locations_of(step.artifact_id))
        for step in plan.steps
        if step.method not in TOUCH_NO_FILE
    )


def attention_of(plan_id: UUID) -> str:
    """Say in one sentence why a plan is stuck; empty when it is not."""
    job = (
        Job.objects.filter(plan_id=plan_id, state=JobState.NEEDS_HUMAN)
        .select_related("step__artifact")
        .order_by("ended_at")
        .first()
    )
    if job is None:
        return ""
    what = f"The {job.purpose} of the plan"
    if job.step is not None:
        what = (
            f"Step {job.step.ordinal} ({METHODS[job.step.method].name}, {job.step.artifact.name})"
        )
    reason = job.error.strip().splitlines()[-1] if job.error.strip() else "no reason was recorded"
    tries = f"{job.attempts} attempt" if job.attempts == 1 else f"{job.attempts} attempts"
    return f"{what} did not succeed after {tries}: {reason}"[:500]


def _plans() -> Any:  # noqa: ANN401 - django-stubs cannot name a queryset with prefetched rows
    jobs = Prefetch("jobs", Job.objects.order_by("created_at"))
    steps = PlanStep.objects.select_related("artifact").prefetch_related(
        jobs, "depends_on", "evidence"
    )
    return Plan.objects.select_related("author").prefetch_related(
        Prefetch("steps", steps.order_by("ordinal")), jobs, "evidence"
    )


def _view(plan: Plan) -> PlanView:
    whole = [job for job in plan.jobs.all() if job.step_id is None]
    steps = tuple(_step_view(step) for step in plan.steps.all())
    parts = [step.progress for step in steps] + [_purpose_progress(whole, p) for p in _WHOLE_PLAN]
    running = [job.message for job in whole if job.state == JobState.RUNNING]
    return PlanView(
        id=plan.id,
        digest=plan.digest,
        author=plan.author.get_username() if plan.author else "",
        author_id=plan.author_id,
        snapshot_hash=plan.snapshot_hash,
        created_at=plan.created_at,
        started_at=plan.started_at,
        settled_at=plan.settled_at,
        status=_status(plan),
        steps=steps,
        uncovered=tuple(plan.uncovered),
        evidence=tuple(_evidence_view(e) for e in plan.evidence.all() if e.step_id is None),
        progress=1.0 if plan.settled_at else sum(parts) / len(parts),
        message=running[-1] if running else "",
    )


_WHOLE_PLAN = ("verification", "promotion")


def _purpose_progress(jobs: list[Job], purpose: str) -> float:
    return max((_job_progress(job) for job in jobs if job.purpose == purpose), default=0.0)


def _job_progress(job: Job) -> float:
    return 1.0 if job.state == JobState.SUCCEEDED else min(job.progress, 0.99)


def _step_view(step: PlanStep) -> StepView:
    jobs = list(step.jobs.all())
    job = jobs[-1] if jobs else None
    return StepView(
        id=step.pk,
        ordinal=step.ordinal,
        artifact_id=step.artifact_id,
        artifact_kind=step.artifact.kind,
        artifact_name=step.artifact.name,
        artifact_digest=step.artifact.digest,
        artifact_location=step.artifact.location,
        method=step.method,
        method_name=METHODS[step.method].name,
        guarantee_class=step.guarantee_class,
        cost_seconds=step.cost_seconds,
        cost_basis=step.cost_basis,
        reason=step.reason,
        places=tuple(step.places),
        alternatives=tuple(step.alternatives),
        depends_on=tuple(sorted(other.ordinal for other in step.depends_on.all())),
        state=step.state,
        progress=1.0 if step.state == StepState.DONE else (_job_progress(job) if job else 0.0),
        message=job.message if job else "",
        job_attempts=job.attempts if job else 0,
        job_error=job.error if job else "",
        evidence=tuple(_evidence_view(e) for e in step.evidence.all()),
        outcome=step.outcome,
    )


def _evidence_view(row: Evidence) -> EvidenceView:
    return EvidenceView(
        kind=row.kind,
        outcome=row.outcome,
        summary=row.summary,
        payload=row.payload,
        digest=row.digest,
    )


def _status(plan: Plan) -> PlanStatus:
    if plan.settled_at is not None:
        return PlanStatus.SETTLED
    if any(job.state == JobState.NEEDS_HUMAN for job in plan.jobs.all()):
        return PlanStatus.STUCK
    if plan.started_at is None:
        return PlanStatus.DRAFTED
    if all(step.state == StepState.DONE for step in plan.steps.all()):
        return PlanStatus.VERIFYING
    return PlanStatus.EXECUTING
