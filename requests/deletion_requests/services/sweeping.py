"""Finds the requests that a crash stranded between two steps; reports have their own sweeper."""

from uuid import UUID

from django.db import transaction

from deletion_requests.lifecycle import State
from deletion_requests.models import DeletionRequest
from deletion_requests.services.driver import ADVANCING_STATES, advance_request
from deletion_requests.services.identity import send_code


def sweep_requests() -> None:
    """Carry on whatever waits for the machine; repeating this is harmless."""
    for request_id in _unlocked(State.RECEIVED):
        send_code(request_id=request_id)
    for request_id in _unlocked(*ADVANCING_STATES):
        advance_request(request_id=request_id)


def _unlocked(*states: State) -> list[UUID]:
    with transaction.atomic():
        # A row that somebody works on is skipped: the sweeper waits for nobody.
        rows = DeletionRequest.objects.select_for_update(skip_locked=True).filter(state__in=states)
        return list(rows.values_list("pk", flat=True))
