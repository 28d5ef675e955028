"""Celery shells; the work is in services and jobs."""

from uuid import UUID

from celery import shared_task

from unlearning.jobs.running import run_job as carry_out
from unlearning.services import sweep_jobs


@shared_task(name="unlearning.tasks.run_job")
def run_job(job_id: str) -> None:
    """Work on one job."""
    carry_out(job_id=UUID(job_id))


@shared_task(name="unlearning.tasks.sweep")
def sweep() -> None:
    """Take care of stranded jobs."""
    sweep_jobs()
