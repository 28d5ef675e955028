"""Celery shells of the reports: they take ids and call one service."""

from uuid import UUID

from celery import shared_task

from reports import services


@shared_task(acks_late=True)
def write_report(request_id: str) -> None:
    """Write the report of one request."""
    services.attempt_report(request_id=UUID(request_id))


@shared_task(acks_late=True)
def sweep() -> None:
    """Write, or tell again of, the reports whose task a crash lost."""
    services.sweep_reports()
