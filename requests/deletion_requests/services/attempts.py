"""What the machine tries on a request: counted where it fails, and never tried for ever."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from deletion_requests.lifecycle import Event, State, next_state
from deletion_requests.services.attention import ask_person
from deletion_requests.services.mailing import MailNotSentError
from deletion_requests.services.transitions import SYSTEM, locked_request
from deletion_requests.timeline import reference_of
from governance.attempts import DATABASE_AWAY, attempts_are_spent, defect, pause_after
from governance.errors import StaleState, VestigeError
from governance.ledger.selectors import entries_about
from governance.ledger.services import append_entry

log = logging.getLogger(__name__)

#: Longest account of a trouble: a sentence around it must fit what a person is asked.
_LONGEST_TROUBLE = 300


@dataclass(frozen=True, kw_only=True)
class Undertaking:
    """Something that the machine does on a request by itself."""

    #: Kind of the ledger entry of an attempt that failed.
    failed_kind: str
    #: What did not succeed, as the beginning of a sentence.
    failure: str


#: What is nobody's fault and says nothing of the next attempt: it is logged and tried again.
_PASSING = (StaleState, *DATABASE_AWAY)


def attempt(undertaking: Undertaking, request_id: UUID, act: Callable[[UUID], object]) -> None:
    """Do something on a request, or count that it failed; after some attempts a person is asked.

    After a failure nothing is done until its pause is over. A database that is away does not
    count: the request would land with a person who can do nothing about it.

    Raises:
        RequestNotFoundError: There is no such request.
        StaleState: Somebody else changed something first.
        django.db.OperationalError: The database is away.
        django.db.InterfaceError: The same.
    """
    if _failed_recently(undertaking, request_id):
        return
    try:
        act(request_id)
    except _PASSING:
        raise
    except Exception as error:  # one request's defect must neither go unseen nor repeat for ever
        log.exception("%s: request %s.", undertaking.failure, request_id)
        _record_failure(undertaking, request_id, _trouble(error))


@transaction.atomic
def _record_failure(undertaking: Undertaking, request_id: UUID, trouble: str) -> None:
    request = locked_request(request_id)
    if next_state(State(request.state), Event.ATTENTION_NEEDED) is None:
        return  # somebody ended it meanwhile
    attempts = len(_failures(undertaking, request_id)) + 1
    final = attempts_are_spent(attempts)
    if final:
        ask_person(
            request,
            f"{undertaking.failure} in {attempts} attempts: {trouble} Put this right, then resume.",
        )
    append_entry(
        kind=undertaking.failed_kind,
        actor=SYSTEM,
        reference=reference_of(request_id),
        payload={
            "attempt": attempts,
            "final": final,
            "note": f"{trouble[:1].upper()}{trouble[1:]}",
        },
    )


def _failures(undertaking: Undertaking, request_id: UUID) -> list[datetime]:
    """When attempts failed since the request came into its state, oldest first."""
    moments: list[datetime] = []
    for entry in entries_about(reference_of(request_id)):
        if "to" in entry.payload:
            moments.clear()
        elif entry.kind == undertaking.failed_kind:
            moments.append(entry.recorded_at)
    return moments


def _failed_recently(undertaking: Undertaking, request_id: UUID) -> bool:
    moments = _failures(undertaking, request_id)
    return bool(moments) and timezone.now() - moments[-1] < pause_after(len(moments))


def _trouble(error: Exception) -> str:
    """Say what went wrong: our own errors speak for themselves, others may hold data."""
    if isinstance(error, VestigeError | MailNotSentError):
        return str(error)[:_LONGEST_TROUBLE]
    return defect(error)
