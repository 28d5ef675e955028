"""Officers approve a plan as it stands, by its digest."""

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from deletion_requests.approvals import approval_blocker, suffices
from deletion_requests.errors import (
    ApprovalNotAllowedError,
    ApprovalRefusedError,
    PlanChangedError,
)
from deletion_requests.lifecycle import Event
from deletion_requests.models import Approval
from deletion_requests.selectors import request_view
from deletion_requests.services.transitions import locked_request, move
from deletion_requests.timeline import reference_of
from governance.acts import Act, may
from governance.errors import FieldError
from governance.ledger.services import append_entry
from governance.models import Role, User


@transaction.atomic
def approve_plan(*, request_id: UUID, officer: User, plan_digest: str) -> Approval:
    """Record one officer's approval; the second one lets the work begin.

    Args:
        request_id: The request.
        officer: Who approves.
        plan_digest: Digest of the plan that the officer read.

    Raises:
        RequestNotFoundError: There is no such request.
        ApprovalNotAllowedError: The officer holds neither role.
        ApprovalRefusedError: The officer approved already, or no plan waits for approval.
        PlanChangedError: The plan is not the one that the officer read.
    """
    request = locked_request(request_id)
    view = request_view(request_id)
    if blocker := approval_blocker(view, officer):
        if may(officer, Act.APPROVE_PLAN):
            raise ApprovalRefusedError(blocker)
        raise ApprovalNotAllowedError(blocker)
    if view.plan is None or view.plan.digest != plan_digest:
        detail = FieldError(pointer="/plan_digest", detail=PlanChangedError.__doc__ or "")
        raise PlanChangedError(errors=(detail,))
    approval = Approval.objects.create(
        request=request,
        plan_id=view.plan.id,
        plan_digest=plan_digest,
        officer=officer,
        approved_at=timezone.now(),
    )
    actor = f"officer:{officer.get_username()}"
    append_entry(
        kind="request.approval",
        actor=actor,
        reference=reference_of(request.pk),
        # Roles change later; what counts is what the officer was when agreeing.
        payload={
            "plan_digest": plan_digest,
            "roles": [Role(role).label for role in officer.roles],
            "approved_at": approval.approved_at.isoformat(timespec="seconds"),
            "note": f"By {officer.get_username()}.",
        },
    )
    given = Approval.objects.filter(plan_id=view.plan.id).select_related("officer")
    if suffices(row.officer for row in given):
        move(request, Event.PLAN_APPROVED, actor=actor, note="Two different officers agreed.")
    return approval
