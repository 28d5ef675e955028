from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from deletion_requests.lifecycle import (
    FINAL_STATES,
    STATE_LABELS,
    TRANSITIONS,
    Event,
    State,
    events_from,
    next_state,
)

#: What must have happened before a request may stand in a state.
NEEDS = {
    State.PLANNED: {Event.IDENTITY_CONFIRMED, Event.TRACE_RECORDED},
    State.APPROVED: {Event.PLAN_DRAFTED},
    State.EXECUTING: {Event.PLAN_APPROVED},
    State.CLOSED: {Event.IDENTITY_CONFIRMED, Event.TRACE_RECORDED, Event.REPORT_WRITTEN},
}


class Journey(RuleBasedStateMachine):
    """Any events in any order: only the table moves a request."""

    @initialize()
    def begin(self) -> None:
        self.state = State.RECEIVED
        self.happened: set[Event] = set()

    @rule(event=st.sampled_from(Event))
    def anything(self, event: Event) -> None:
        before = self.state
        after = next_state(before, event)
        if after is None:
            assert event not in events_from(before)
            return
        self.state = after
        self.happened.add(event)

    @rule(choice=st.randoms(use_true_random=False))
    def something_allowed(self, choice: st.randoms) -> None:  # type: ignore[valid-type]
        allowed = events_from(self.state)
        if allowed:
            self.anything(choice.choice(allowed))  # type: ignore[attr-defined]

    @invariant()
    def nothing_leaves_a_final_state(self) -> None:
        if self.state in FINAL_STATES:
            assert not events_from(self.state)

    @invariant()
    def no_stage_is_reached_without_the_ones_before(self) -> None:
        if Event.STEPS_RESUMED not in self.happened:
            assert NEEDS.get(self.state, set()) <= self.happened


TestJourney = Journey.TestCase


def test_every_state_has_a_label_and_can_be_reached() -> None:
    reached = {State.RECEIVED}
    while more := {TRANSITIONS[k] for k in TRANSITIONS if k[0] in reached} - reached:
        reached |= more
    assert reached == set(State) == set(STATE_LABELS)


def test_every_state_that_is_not_final_can_still_end() -> None:
    ends = set(FINAL_STATES)
    while more := {k[0] for k, target in TRANSITIONS.items() if target in ends} - ends:
        ends |= more
    assert ends == set(State)


def test_work_that_has_begun_is_not_withdrawn() -> None:
    for state in (State.APPROVED, State.EXECUTING, State.VERIFYING, State.REPORTING, State.CLOSED):
        assert next_state(state, Event.WITHDRAWAL) is None
