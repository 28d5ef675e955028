"""An officer decides whose row a duplicate is, before the work on a request begins."""

from uuid import UUID

from django.db import transaction

from deletion_requests.errors import DuplicatesSettledError
from deletion_requests.lifecycle import UNTIL_THE_WORK, Event, State
from deletion_requests.models import DeletionRequest
from deletion_requests.services.transitions import locked_request, move
from deletion_requests.subjects import subject_of
from lineage.services import decide_duplicate


@transaction.atomic
def decide_duplicate_of(
    *, request_id: UUID, record_id: str, decision: str, actor: str
) -> DeletionRequest:
    """Decide of one duplicate; what was planned is traced and planned anew, and approved anew.

    Args:
        request_id: The request of the data subject whose records the row resembles.
        record_id: Of the duplicate.
        decision: A value of :class:`lineage.models.DuplicateDecision.Decision`.
        actor: Who decides, as the ledger names people.

    Raises:
        RequestNotFoundError: There is no such request.
        DuplicatesSettledError: Nobody has been traced yet, or the work has begun.
        InvalidInput: The data subject has no duplicate of this id.
    """
    request = locked_request(request_id)
    if State(request.state) not in UNTIL_THE_WORK:
        raise DuplicatesSettledError
    decide_duplicate(
        subject=subject_of(request), record_id=record_id, decision=decision, actor=actor
    )
    if request.state != State.VERIFIED:
        move(
            request,
            Event.PLAN_OUTDATED,
            actor=actor,
            note="It was decided whose row a duplicate is; the plan is drawn up anew.",
        )
    return request
