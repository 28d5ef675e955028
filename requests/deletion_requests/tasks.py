"""Celery shells; the work is in services."""

from uuid import UUID

from celery import shared_task

from deletion_requests import services


@shared_task(name="deletion_requests.tasks.send_code")
def send_code(request_id: str) -> None:
    """Mail the one-time code of one request."""
    services.send_code(request_id=UUID(request_id))


@shared_task(name="deletion_requests.tasks.advance_request")
def advance_request(request_id: str) -> None:
    """Carry one request as far as it goes without a person."""
    services.attempt_request(request_id=UUID(request_id))


@shared_task(name="deletion_requests.tasks.advance")
def advance(case_id: str, plan_id: str = "") -> None:  # noqa: ARG001 - the topic's payload
    """Carry the request on whose plan has changed."""
    services.attempt_request(request_id=UUID(case_id))


@shared_task(name="deletion_requests.tasks.notify_recipient")
def notify_recipient(plan_id: str, step_id: int) -> None:
    """Open the notice to one recipient."""
    services.notify_recipient(plan_id=UUID(plan_id), step_id=step_id)


@shared_task(name="deletion_requests.tasks.send_letter")
def send_letter(notice_id: str) -> None:
    """Mail the letter that is due to one recipient."""
    services.send_letter(notice_id=UUID(notice_id))


@shared_task(name="deletion_requests.tasks.close")
def close(request_id: str, report_id: str) -> None:
    """Close a request whose report is written."""
    services.close_with_report(request_id=UUID(request_id), report_id=UUID(report_id))


@shared_task(name="deletion_requests.tasks.sweep")
def sweep() -> None:
    """Carry on the requests that a crash stranded."""
    services.sweep_requests()
