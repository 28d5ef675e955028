"""Finds the requests that a crash stranded between two steps; reports have their own sweeper."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import transaction

from deletion_requests.lifecycle import FINAL_STATES, State
from deletion_requests.models import DeletionRequest, NoticeState, RecipientNotice
from deletion_requests.services.driver import ADVANCING_STATES, attempt_request
from deletion_requests.services.identity import expire_check, overdue_checks, send_code
from deletion_requests.services.letters import due_letters, send_letter
from unlearning.services import cases_with_workspaces, discard_workspaces

log = logging.getLogger(__name__)


def sweep_requests() -> None:
    """Carry on whatever waits for the machine; repeating this is harmless."""
    for request_id in _unlocked(State.RECEIVED):
        with _on_its_own(request_id):
            send_code(request_id=request_id)
    for request_id in overdue_checks():
        with _on_its_own(request_id):
            expire_check(request_id=request_id)
    for request_id in _unlocked(*ADVANCING_STATES):
        with _on_its_own(request_id):
            attempt_request(request_id=request_id)
    for notice_id in due_letters():
        with _on_its_own(notice_id):
            send_letter(notice_id=notice_id)
    ended = DeletionRequest.objects.filter(pk__in=cases_with_workspaces(), state__in=FINAL_STATES)
    for request_id in ended.values_list("pk", flat=True):
        with _on_its_own(request_id):
            discard_workspaces(case_id=request_id)


@contextmanager
def _on_its_own(item_id: UUID) -> Iterator[None]:
    """Log what goes wrong with one request or letter: it must not hold up the others."""
    try:
        yield
    except Exception:
        log.exception("%s could not be carried on; the next sweep tries again.", item_id)


def _unlocked(*states: State) -> list[UUID]:
    with transaction.atomic():
        # A row that somebody works on is skipped: the sweeper waits for nobody.
        rows = DeletionRequest.objects.select_for_update(skip_locked=True).filter(state__in=states)
        # All notices are open by then; until they are answered, for weeks maybe, nothing is to do.
        unanswered = RecipientNotice.objects.exclude(state=NoticeState.ACKNOWLEDGED)
        rows = rows.exclude(state=State.PARTLY_DONE, pk__in=unanswered.values("request_id"))
        return list(rows.values_list("pk", flat=True))
