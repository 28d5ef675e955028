"""Who may approve a plan, and when it is approved: pure decisions about people.

Destructive work needs two people (OWASP ASVS 5.0, 2.3.5): two different officers, so that the
plan's author never suffices alone, and at least one of them an approver.
"""

from collections.abc import Iterable
from typing import Protocol

from deletion_requests.lifecycle import State
from governance.acts import Act, may, refusal
from governance.models import Role, User

#: Distinct officers that a plan needs.
APPROVALS_NEEDED = 2


class HasOfficer(Protocol):
    """An approval that is on record."""

    @property
    def officer_id(self) -> int:
        """Id of the officer who gave it."""


class Approvable(Protocol):
    """What the decision reads of a request."""

    @property
    def state(self) -> str:
        """Key of a ``lifecycle.State``."""

    @property
    def approvals(self) -> Iterable[HasOfficer]:
        """Approvals on record for the current plan."""


def approval_blocker(request: Approvable, user: User) -> str | None:
    """Say in one sentence why this officer cannot approve now, or None when they can."""
    if not may(user, Act.APPROVE_PLAN):
        return refusal(Act.APPROVE_PLAN)
    if any(approval.officer_id == user.pk for approval in request.approvals):
        return (
            "You have approved this plan already; the second approval must come from someone else."
        )
    if request.state != State.PLANNED:
        return "This request has no plan waiting for approval."
    return None


def suffices(officers: Iterable[User]) -> bool:
    """Tell whether these officers' approvals let the work begin."""
    distinct = {officer.pk: officer for officer in officers}
    has_approver = any(officer.has_role(Role.APPROVER) for officer in distinct.values())
    return len(distinct) >= APPROVALS_NEEDED and has_approver
