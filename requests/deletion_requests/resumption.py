"""Who may send a stuck request on: that depends on what going on would decide."""

from uuid import UUID

from django.db import transaction

from deletion_requests.models import DeletionRequest
from deletion_requests.services import resume_request
from deletion_requests.services.transitions import locked_request
from governance.acts import Act, may, refusal
from governance.errors import NotAllowed
from governance.models import User
from unlearning.job_selectors import awaits_acceptance
from unlearning.selectors import latest_plan_of


def act_of_resuming(request_id: UUID, *, work_began: bool) -> Act:
    """Name the act: repeating failed jobs, or a decision about the request or its results."""
    if work_began and not awaits_acceptance(request_id):
        return Act.RESUME_JOBS
    return Act.RESUME_REQUEST


@transaction.atomic
def resume_as(*, officer: User, request_id: UUID) -> DeletionRequest:
    """Send a request on in somebody's name.

    Raises:
        RequestNotFoundError: There is no such request.
        NotAllowed: This officer's roles do not include what going on decides.
        WrongTransitionError: The request does not wait for a person.
    """
    # The row lock guarantees that what was looked at is still what going on decides.
    locked_request(request_id)
    act = act_of_resuming(request_id, work_began=_work_began(request_id))
    if not may(officer, act):
        raise NotAllowed(refusal(act))
    return resume_request(request_id=request_id, actor=f"officer:{officer.get_username()}")


def _work_began(request_id: UUID) -> bool:
    plan = latest_plan_of(request_id)
    return plan is not None and plan.started_at is not None
