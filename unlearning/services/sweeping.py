"""Finds the work that a crash stranded."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from governance.models import OutboxMessage
from unlearning.ledgering import job_ready, note, plan_changed
from unlearning.models import Job, JobState, PlanStep, StepState

#: Seconds after which a queued job is told of again: the broker may have lost the first message.
NUDGE_SECONDS = 10


def sweep_jobs() -> int:
    """Queue the jobs of silent workers again, and tell of forgotten ones; repeatable.

    Returns:
        How many jobs were taken care of.
    """
    now = timezone.now()
    silent = Job.objects.filter(_is_silent(now)).select_related("plan", "step")
    swept = sum(_take_back(job) for job in silent)
    for job in Job.objects.filter(state=JobState.QUEUED).filter(
        Q(ended_at=None) | Q(ended_at__lt=now - timedelta(seconds=NUDGE_SECONDS))
    ):
        if not _told_recently(job):
            job_ready(job)
            swept += 1
    return swept


def _is_silent(now: datetime) -> Q:
    """Jobs at work whose lease has ended; one that has no lease at all is nobody's either."""
    ended = Q(leased_until__lt=now) | Q(leased_until=None)
    return Q(state=JobState.RUNNING) & ended


@transaction.atomic
def _take_back(job: Job) -> bool:
    spent = job.attempts >= settings.JOB_MAX_ATTEMPTS
    state = JobState.NEEDS_HUMAN if spent else JobState.QUEUED
    # Compare-and-swap on the token and the lease's end guarantees that a worker which renewed in
    # time, or another sweeper, is not overruled.
    taken = Job.objects.filter(_is_silent(timezone.now()), pk=job.pk, token=job.token).update(
        state=state,
        leased_until=None,
        error="The worker stopped answering before the job was done.",
        ended_at=timezone.now(),
    )
    if taken != 1:
        return False
    note(
        job.plan,
        "job.stranded",
        {
            "job": str(job.pk),
            "attempt": job.attempts,
            "final": spent,
            "note": f"A worker stopped answering in attempt {job.attempts}.",
        },
    )
    if spent:
        PlanStep.objects.filter(jobs=job).update(state=StepState.FAILED)
        plan_changed(job.plan)
    else:
        job_ready(job)
    return True


def _told_recently(job: Job) -> bool:
    since = timezone.now() - timedelta(seconds=NUDGE_SECONDS)
    return OutboxMessage.objects.filter(
        Q(created_at__gt=since) | Q(published_at__gt=since) | Q(published_at=None),
        topic="unlearning.job_ready",
        payload__job_id=str(job.pk),
    ).exists()
