"""Hands a request to a person when the machine cannot finish it."""

from uuid import UUID

from django.db import transaction

from deletion_requests.lifecycle import Event, State
from deletion_requests.models import DeletionRequest
from deletion_requests.services.transitions import SYSTEM, locked_request, move

#: Longest sentence that the request page and the ledger take.
_LONGEST = 500


def ask_person(request: DeletionRequest, sentence: str) -> None:
    """Let a person decide how a locked request goes on; inside a transaction.

    Args:
        request: The row, locked.
        sentence: Why the machine cannot go on, and what to do; no personal data.
    """
    sentence = sentence[:_LONGEST]
    move(request, Event.ATTENTION_NEEDED, actor=SYSTEM, note=sentence, attention=sentence)


@transaction.atomic
def give_up_report(*, request_id: UUID, sentence: str) -> None:
    """Let a person see to a report that cannot be written; harmless where it was written since.

    Args:
        request_id: The request whose report is due.
        sentence: What went wrong and what to do; no personal data.
    """
    request = locked_request(request_id)
    if request.state == State.REPORTING:
        ask_person(request, sentence)
