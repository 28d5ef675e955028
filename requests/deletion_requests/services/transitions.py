"""The one place where a request's state changes."""

from uuid import UUID

from deletion_requests.errors import RequestNotFoundError, WrongTransitionError
from deletion_requests.lifecycle import STATE_LABELS, Event, State, next_state
from deletion_requests.models import DeletionRequest
from deletion_requests.timeline import reference_of
from governance.errors import StaleState
from governance.ledger.services import append_entry
from governance.outbox import publish

#: Actor of what the machine does by itself.
SYSTEM = "system"


def locked_request(request_id: UUID) -> DeletionRequest:
    """Fetch a request for change; call inside a transaction.

    Raises:
        RequestNotFoundError: There is no such request.
    """
    # The row lock guarantees that one act at a time reads and changes this request.
    row = DeletionRequest.objects.select_for_update().filter(pk=request_id).first()
    if row is None:
        raise RequestNotFoundError
    return row


def require(request: DeletionRequest, event: Event) -> State:
    """Look up where an event leads.

    Raises:
        WrongTransitionError: The table does not hold the pair.
    """
    state = State(request.state)
    target = next_state(state, event)
    if target is None:
        raise WrongTransitionError(
            f"A request in the state {state.value!r} ({STATE_LABELS[state]}) does not allow "
            f"the event {event.value!r}."
        )
    return target


def move(
    request: DeletionRequest, event: Event, *, actor: str, note: str = "", **changes: object
) -> None:
    """Move a request along the table, with its ledger entry and its news; inside a transaction.

    Args:
        request: The row, locked; updated in place.
        event: What happened.
        actor: Who did it, e.g. ``officer:ann``.
        note: One sentence for the timeline; no personal data.
        **changes: Further columns that change together with the state.

    Raises:
        WrongTransitionError: The table does not hold the pair.
        StaleState: Somebody else moved the request first.
    """
    target = require(request, event)
    values: dict[str, object] = {"state": target.value, "attention": "", **changes}
    moved = DeletionRequest.objects.filter(pk=request.pk, state=request.state).update(**values)
    if moved != 1:
        raise StaleState
    source = request.state
    for name, value in values.items():
        setattr(request, name, value)
    publish(f"request.{target.value}", request_id=str(request.pk))
    append_entry(
        kind=f"request.{event.value}",
        actor=actor,
        reference=reference_of(request.pk),
        payload={"from": source, "to": target.value, "note": note},
    )
