"""What can go wrong with a deletion request; each docstring is the sentence a reader gets."""

from governance.errors import Conflict, InvalidInput, NotAllowed, NotFound


class RequestNotFoundError(NotFound):
    """There is no such deletion request."""


class WrongTransitionError(Conflict):
    """The request cannot do this in the state it is in."""


class IdempotencyConflictError(Conflict):
    """This Idempotency-Key was used before with a different body."""


class UnknownRegimeInputError(InvalidInput):
    """No statutory clock is known for this regime and request type."""


class WrongCodeError(InvalidInput):
    """The code is not the one we sent."""


class ApprovalRefusedError(Conflict):
    """This approval cannot be accepted."""


class ApprovalNotAllowedError(NotAllowed):
    """Only a privacy officer or an approver may approve a plan."""


class PlanChangedError(Conflict):
    """The plan is not the one you read: its digest differs. Read it again before approving."""


class DuplicatesSettledError(Conflict):
    """Duplicates are decided upon between the identity check and the beginning of the work."""


class UnknownLinkError(NotFound):
    """This link is not valid. Use the newest message, or answer it by mail."""


class NoticeNotFoundError(NotFound):
    """There is no such recipient of this request."""


class NoticeAnsweredError(Conflict):
    """This recipient has acknowledged already."""


class NoticeSentError(Conflict):
    """This recipient has been notified already."""


class ReminderTooSoonError(Conflict):
    """This recipient cannot be reminded now."""
