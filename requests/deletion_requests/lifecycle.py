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
    PARTLY_DONE = "partly_done"
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
    PLAN_OUTDATED = "plan_outdated"
    STEPS_STARTED = "steps_started"
    STEPS_FINISHED = "steps_finished"
    EVIDENCE_RECORDED = "evidence_recorded"
    RECIPIENTS_OPEN = "recipients_open"
    RECIPIENTS_ANSWERED = "recipients_answered"
    REPORTED_AS_PARTIAL = "reported_as_partial"
    NOTHING_FOUND = "nothing_found"
    REPORT_WRITTEN = "report_written"
    WITHDRAWAL = "withdrawal"
    DENIAL = "denial"
    ATTENTION_NEEDED = "attention_needed"
    CODE_RESUMED = "code_resumed"
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
    # An approval covers the world as it was; another request may have changed it meanwhile.
    (State.APPROVED, Event.PLAN_OUTDATED): State.VERIFIED,
    # An officer decided whose row a duplicate is.
    (State.PLANNED, Event.PLAN_OUTDATED): State.VERIFIED,
    (State.APPROVED, Event.STEPS_STARTED): State.EXECUTING,
    (State.EXECUTING, Event.STEPS_FINISHED): State.VERIFYING,
    (State.VERIFYING, Event.EVIDENCE_RECORDED): State.REPORTING,
    (State.REPORTING, Event.REPORT_WRITTEN): State.CLOSED,
    # Our own work is done, but a recipient has not acknowledged: its answer is waited for, or an
    # officer decides to report what was done without it.
    (State.VERIFYING, Event.RECIPIENTS_OPEN): State.PARTLY_DONE,
    (State.PARTLY_DONE, Event.RECIPIENTS_ANSWERED): State.REPORTING,
    (State.PARTLY_DONE, Event.REPORTED_AS_PARTIAL): State.REPORTING,
    # Nobody proved to be the data subject.
    (State.IDENTITY_PENDING, Event.IDENTITY_FAILED): State.EXPIRED,
    # Until work has begun the data subject may take the request back.
    (State.RECEIVED, Event.WITHDRAWAL): State.WITHDRAWN,
    (State.IDENTITY_PENDING, Event.WITHDRAWAL): State.WITHDRAWN,
    (State.VERIFIED, Event.WITHDRAWAL): State.WITHDRAWN,
    (State.TRACED, Event.WITHDRAWAL): State.WITHDRAWN,
    (State.PLANNED, Event.WITHDRAWAL): State.WITHDRAWN,
    # What the machine cannot decide, a person must; and a person sends it on again along
    # `resumption`, so that nobody gets past the code, or the approvals, by way of a resumption.
    (State.RECEIVED, Event.ATTENTION_NEEDED): State.NEEDS_HUMAN,
    (State.VERIFIED, Event.ATTENTION_NEEDED): State.NEEDS_HUMAN,
    (State.TRACED, Event.ATTENTION_NEEDED): State.NEEDS_HUMAN,
    (State.APPROVED, Event.ATTENTION_NEEDED): State.NEEDS_HUMAN,
    (State.EXECUTING, Event.ATTENTION_NEEDED): State.NEEDS_HUMAN,
    (State.VERIFYING, Event.ATTENTION_NEEDED): State.NEEDS_HUMAN,
    (State.PARTLY_DONE, Event.ATTENTION_NEEDED): State.NEEDS_HUMAN,
    (State.REPORTING, Event.ATTENTION_NEEDED): State.NEEDS_HUMAN,
    (State.NEEDS_HUMAN, Event.CODE_RESUMED): State.RECEIVED,
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
    State.PARTLY_DONE: "Partly done: waiting for recipients",
    State.REPORTING: "Writing the report",
    State.CLOSED: "Closed",
    State.DENIED: "Denied",
    State.WITHDRAWN: "Withdrawn",
    State.EXPIRED: "Expired",
    State.NEEDS_HUMAN: "Needs a person",
}

#: Outcome of a request that was reported although a recipient had not acknowledged.
PARTIAL = "partial"

#: Where what is found out still changes what will be done: it is traced, or traced anew.
UNTIL_THE_WORK = frozenset({State.VERIFIED, State.PLANNED, State.APPROVED})


def label_of(state: State, outcome: str = "") -> str:
    """Say where a request stands, as people read it.

    >>> label_of(State.CLOSED, PARTIAL)
    'Closed in part'
    """
    if state is State.CLOSED and outcome == PARTIAL:
        return "Closed in part"
    return STATE_LABELS[state]


def resumption(*, identity_confirmed: bool, work_began: bool) -> Event:
    """Choose how a request that needed a person goes on: from where it stopped, never beyond.

    A plan that was approved and never begun is drawn up and approved anew: an approval does not
    outlast an interruption of which nobody knows how long it takes. A request that waited for
    recipients passes its finished steps by and waits again.

    Args:
        identity_confirmed: Whether the sender proved to be the data subject.
        work_began: Whether an approved plan was started.
    """
    if not identity_confirmed:
        return Event.CODE_RESUMED
    return Event.STEPS_RESUMED if work_began else Event.TRACE_RESUMED


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
