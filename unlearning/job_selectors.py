"""Reads of jobs for the people who look after them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count

from governance.ledger.selectors import entries_about
from governance.paging import Slice, slice_of
from unlearning.errors import JobNotFoundError
from unlearning.methods import METHODS
from unlearning.models import Evidence, Job, JobState

#: Jobs in these states change without anybody pressing a button.
LIVE_STATES = (JobState.QUEUED, JobState.RUNNING)
#: What the jobs about a whole plan do.
PURPOSES = {"verification": "Verification of the plan", "promotion": "Promotion of the results"}
_FAILURES = ("job.failed", "job.stranded")


@dataclass(frozen=True, kw_only=True)
class JobFilters:
    """What to list; empty strings list everything."""

    state: str = ""
    page: str = ""


@dataclass(frozen=True, kw_only=True)
class JobRow:
    """One line of the list of jobs."""

    id: UUID
    #: The deletion request that it works for.
    case_id: UUID
    #: What it does, e.g. the name of its method.
    work: str
    #: None for the jobs about a whole plan.
    ordinal: int | None
    artifact_id: int | None
    artifact_kind: str
    artifact_name: str
    state: str
    #: 0.0 to 1.0.
    progress: float
    message: str
    attempts: int
    #: The last line of the error, or empty.
    error: str
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    #: Seconds from the start of the last attempt to its end; None before it ended.
    seconds: float | None


@dataclass(frozen=True, kw_only=True)
class FailureView:
    """One attempt that did not succeed."""

    at: datetime
    attempt: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class FindingRow:
    """What a job established, in one line."""

    kind: str
    outcome: str
    summary: str


@dataclass(frozen=True, kw_only=True)
class JobView:
    """Everything that a reader of one job may see; its input holds record ids and is left out."""

    row: JobRow
    worker: str
    token: int
    leased_until: datetime | None
    input_digest: str
    #: The whole error of the last attempt, or empty.
    error: str
    failures: tuple[FailureView, ...]
    findings: tuple[FindingRow, ...]


def jobs(filters: JobFilters) -> Slice[JobRow]:
    """List jobs, the newest first."""
    rows = Job.objects.select_related("plan", "step__artifact").order_by("-created_at", "pk")
    if filters.state:
        rows = rows.filter(state=filters.state)
    return slice_of(rows, _row, number=filters.page)


def job_counts() -> dict[str, int]:
    """How many jobs are in each state, in the order of states."""
    counts = dict(Job.objects.values_list("state").annotate(Count("pk")).order_by())
    return {state: counts.get(state, 0) for state in JobState.values}


def job_view(job_id: UUID) -> JobView:
    """Read one job.

    Raises:
        JobNotFoundError: There is no such job.
    """
    job = Job.objects.select_related("plan", "step__artifact").filter(pk=job_id).first()
    if job is None:
        raise JobNotFoundError
    return JobView(
        row=_row(job),
        worker=job.worker,
        token=job.token,
        leased_until=job.leased_until,
        input_digest=job.input_digest,
        error=job.error,
        failures=_failures(job),
        findings=_findings(job),
    )


def awaits_acceptance(case_id: UUID) -> bool:
    """Whether going on would mean that somebody lets versions serve which failed a check."""
    return Job.objects.filter(
        plan__case_id=case_id, purpose="promotion", state=JobState.NEEDS_HUMAN
    ).exists()


def _row(job: Job) -> JobRow:
    step = job.step
    ran = job.ended_at - job.started_at if job.started_at and job.ended_at else None
    return JobRow(
        id=job.pk,
        case_id=job.plan.case_id,
        work=METHODS[step.method].name if step else PURPOSES.get(job.purpose, job.purpose),
        ordinal=step.ordinal if step else None,
        artifact_id=step.artifact_id if step else None,
        artifact_kind=step.artifact.kind if step else "",
        artifact_name=step.artifact.name if step else "",
        state=job.state,
        progress=1.0 if job.state == JobState.SUCCEEDED else job.progress,
        message=job.message,
        attempts=job.attempts,
        error=job.error.strip().splitlines()[-1] if job.error.strip() else "",
        created_at=job.created_at,
        started_at=job.started_at,
        ended_at=job.ended_at,
        seconds=ran.total_seconds() if ran else None,
    )


def _failures(job: Job) -> tuple[FailureView, ...]:
    """The attempts that the ledger says did not succeed, oldest first."""
    return tuple(
        FailureView(
            at=entry.recorded_at,
            attempt=int(entry.payload.get("attempt", 0)),
            reason=str(entry.payload.get("note", "")),
        )
        for entry in entries_about(f"request:{job.plan.case_id}")
        if entry.kind in _FAILURES and entry.payload.get("job") == str(job.pk)
    )


def _findings(job: Job) -> tuple[FindingRow, ...]:
    if job.step_id is None and job.purpose != "verification":
        return ()
    rows = Evidence.objects.filter(plan_id=job.plan_id, step_id=job.step_id).order_by("pk")
    return tuple(
        FindingRow(kind=row.kind, outcome=row.outcome, summary=row.summary) for row in rows
    )
