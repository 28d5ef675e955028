"""Hands a request to a person when the floor above cannot finish it."""

from uuid import UUID

from django.db import transaction

from deletion_requests.lifecycle import Event, State
from deletion_requests.services.transitions import SYSTEM, locked_request, move


@transaction.atomic
def give_up_report(*, request_id: UUID, sentence: str) -> None:
    """Let a person see to a report that cannot be written; harmless where it was written since.

    Args:
        request_id: The request whose report is due.
        sentence: What went wrong and what to do; no personal data.
    """
    request = locked_request(request_id)
    if request.state != State.REPORTING:
        return
    move(
        request,
        Event.ATTENTION_NEEDED,
        actor=SYSTEM,
        note=sentence[:500],
        attention=sentence[:500],
    )
