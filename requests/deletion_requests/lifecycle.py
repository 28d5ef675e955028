"""The life of a deletion request as one literal table: pure, no framework.

A state changes only along a line of ``TRANSITIONS``; whatever the table does not hold is refused.
"""

from enum import StrEnum


class State(StrEnum):
    """Where a request stands."""

    RECEIVED = "received"
    IDENTITY_PENDING = "identity_pending"
    VERIFIED = "verified"
    TRACED = "traced"
    PLANNED = "planned"
    APPROVED = "approved"
    EXECUTING = "executing"
    VERIFYING = "verifying"
    REPORTING = "reporting"
    CLOSED = "closed"
    DENIED = "denied"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    NEEDS_HUMAN = "needs_human"


class Event(StrEnum):
    """What may happen to a request."""

    CODE_SENT = "code_sent"
    IDENTITY_CONFIRMED = "identity_confirmed"
    IDENTITY_FAILED = "identity_failed"
    TRACE_RECORDED = "trace_recorded"
    PLAN_DRAFTED = "plan_drafted"
    PLAN_APPROVED = "plan_approved"
    STEPS_STARTED = "steps_started"
    STEPS_FINISHED = "steps_finished"
    EVIDENCE_RECORDED = "evidence_recorded"
    NOTHING_FOUND = "nothing_found"
    REPORT_WRITTEN = "report_written"
    WITHDRAWAL = "withdrawal"
    DENIAL = "denial"
    ATTENTION_NEEDED = "attention_needed"
    TRACE_RESUMED = "trace_resumed"
    STEPS_RESUMED = "steps_resumed"


#: (state, event) → next state. There is no other way from one state to another.
TRANSITIONS: dict[tuple[State, Event], State] = {
    # The journey.
    (State.RECEIVED, Event.CODE_SENT): State.IDENTITY_PENDING,
    (State.IDENTITY_PENDING, Event.IDENTITY_CONFIRMED): State.VERIFIED,
    (State.VERIFIED, Event.TRACE_RECORDED): State.TRACED,
    (State.TRACED, Event.PLAN_DRAFTED): State.PLANNED,
    (State.TRACED, Event.NOTHING_FOUND): State.REPORTING,
    (State.PLANNED, Event.PLAN_APPROVED): State.APPROVED,
    (State.APPROVED, Event.STEPS_STARTED): State.EXECUTING,
    (State.EXECUTING, Event.STEPS_FINISHED): State.VERIFYING,
    (State.VERIFYING, Event.EVIDENCE_RECORDED): State.REPORTING,
    (State.REPORTING, Event.REPORT_WRITTEN): State.CLOSED,
    # Nobody proved to be the data subject.
    (State.IDENTITY_PENDING, Event.IDENTITY_FAILED): State.EXPIRED,
    # Until work has begun the data subject may take the request back.
    (State.RECEIVED, Event.WITHDRAWAL): State.WITHDRAWN,
    (State.IDENTITY_PENDING, Event.WITHDRAWAL): State.WITHDRAWN,
    (State.VERIFIED, Event.WITHDRAWAL): State.WITHDRAWN,
    (State.TRACED, Event.WITHDRAWAL): State.WITHDRAWN,
    (State.PLANNED, Event.WITHDRAWAL): State.WITHDRAWN,
    # What the machine cannot decide, a person must; and a person sends it on again. Only after
    # identity is confirmed: nobody gets past the code by way of a person's resumption. Steps are
    # resumed only where a plan was approved and started, which the service makes sure of.
    (State.VERIFIED, Event.ATTENTION_NEEDED): State.NEEDS_HUMAN,
    (State.TRACED, Event.ATTENTION_NEEDED): State.NEEDS_HUMAN,
    (State.EXECUTING, Event.ATTENTION_NEEDED): State.NEEDS_HUMAN,
    (State.VERIFYING, Event.ATTENTION_NEEDED): State.NEEDS_HUMAN,
    (State.REPORTING, Event.ATTENTION_NEEDED): State.NEEDS_HUMAN,
    (State.NEEDS_HUMAN, Event.TRACE_RESUMED): State.VERIFIED,
    (State.NEEDS_HUMAN, Event.STEPS_RESUMED): State.EXECUTING,
    (State.NEEDS_HUMAN, Event.DENIAL): State.DENIED,
}

#: States that nothing leaves.
FINAL_STATES = frozenset({State.CLOSED, State.DENIED, State.WITHDRAWN, State.EXPIRED})

#: What people read for each state.
STATE_LABELS: dict[State, str] = {
    State.RECEIVED: "Received",
    State.IDENTITY_PENDING: "Waiting for identity",
    State.VERIFIED: "Identity confirmed",
    State.TRACED: "Traced",
    State.PLANNED: "Waiting for approval",
    State.APPROVED: "Approved",
    State.EXECUTING: "Steps running",
    State.VERIFYING: "Verifying",
    State.REPORTING: "Writing the report",
    State.CLOSED: "Closed",
    State.DENIED: "Denied",
    State.WITHDRAWN: "Withdrawn",
    State.EXPIRED: "Expired",
    State.NEEDS_HUMAN: "Needs a person",
}


def next_state(state: State, event: Event) -> State | None:
    """Look up where an event leads.

    Args:
        state: Where the request stands.
        event: What happens to it.

    Returns:
        The next state, or None where the table does not hold the pair.

    >>> next_state(State.RECEIVED, Event.CODE_SENT)
    <State.IDENTITY_PENDING: 'identity_pending'>
    >>> next_state(State.CLOSED, Event.WITHDRAWAL) is None
    True
    """
    return TRANSITIONS.get((state, event))


def events_from(state: State) -> tuple[Event, ...]:
    """List the events that the table allows in a state, in the table's order."""
    return tuple(event for source, event in TRANSITIONS if source == state)
