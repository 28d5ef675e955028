"""Leases with fencing tokens: who may work on a job, and whose effects count.

A worker may be killed, or stall and come back. The lease ends by itself; the token grows with
every lease, and whoever holds an older one can no longer change anything. This is the fencing
scheme described by Kleppmann, "Designing Data-Intensive Applications" (2017), chapter 8.
"""

import os
import socket
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import F, QuerySet
from django.utils import timezone

from unlearning.errors import LeaseLostError
from unlearning.models import Job, JobState


@dataclass(frozen=True, kw_only=True)
class Lease:
    """The right to work on one job for a while."""

    job_id: UUID
    #: Grows with every lease of the job.
    token: int

    def renew(self, *, progress: float | None = None, message: str = "", **values: object) -> None:
        """Extend the lease, and say how far the work has come.

        Args:
            progress: 0.0 to 1.0; None leaves it as it is.
            message: What is being done, in a few words.
            values: Other fields of the job that change with it, in the same statement: a kill
                leaves both or neither.

        Raises:
            LeaseLostError: Somebody else holds the job now.
        """
        news: dict[str, object] = {**values, "leased_until": _until()}
        if progress is not None:
            news |= {"progress": min(max(progress, 0.0), 1.0), "message": message[:300]}
        # Compare-and-swap on the token guarantees that a worker which was taken for dead cannot
        # revive its lease after the job went to another one.
        if self._held().update(**news) != 1:
            raise LeaseLostError

    def check(self) -> None:
        """Make sure that this lease is still the newest one.

        Raises:
            LeaseLostError: Somebody else holds the job now.
        """
        if not self._held().exists():
            raise LeaseLostError

    def end(self, state: JobState, **values: object) -> None:
        """Give the job up in another state; inside the caller's transaction.

        Raises:
            LeaseLostError: Somebody else holds the job now.
        """
        if self._held().update(state=state, leased_until=None, **values) != 1:
            raise LeaseLostError

    def _held(self) -> QuerySet[Job]:
        return Job.objects.filter(pk=self.job_id, token=self.token, state=JobState.RUNNING)


def acquire(job_id: UUID) -> Lease | None:
    """Take the lease of a queued job.

    Returns:
        The lease, or None where the job is not waiting for anybody.
    """
    waiting = Job.objects.filter(pk=job_id, state=JobState.QUEUED)
    last = waiting.values_list("token", flat=True).first()
    if last is None:
        return None
    # Compare-and-swap on the token read before guarantees that of two workers one gets the row,
    # and that this one holds the token that it wrote: read afterwards, the token could be that of
    # the next holder, if this worker stalled past its lease in between.
    taken = waiting.filter(token=last).update(
        state=JobState.RUNNING,
        token=last + 1,
        attempts=F("attempts") + 1,
        leased_until=_until(),
        worker=f"{socket.gethostname()}:{os.getpid()}",
        started_at=timezone.now(),
        ended_at=None,
        progress=0.0,
        message="",
        error="",
    )
    return Lease(job_id=job_id, token=last + 1) if taken == 1 else None


def _until() -> datetime:
    return timezone.now() + timedelta(seconds=settings.JOB_LEASE_SECONDS)
