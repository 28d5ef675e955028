from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from deletion_requests.lifecycle import (
    FINAL_STATES,
    STATE_LABELS,
    TRANSITIONS,
    Event,
    State,
    events_from,
    label_of,
    next_state,
    resumption,
)

#: What must have happened before a request may stand in a state.
NEEDS = {
    State.PLANNED: {Event.IDENTITY_CONFIRMED, Event.TRACE_RECORDED},
    State.APPROVED: {Event.PLAN_DRAFTED},
    State.EXECUTING: {Event.PLAN_APPROVED},
    State.PARTLY_DONE: {Event.PLAN_APPROVED, Event.STEPS_FINISHED, Event.RECIPIENTS_OPEN},
    State.CLOSED: {Event.IDENTITY_CONFIRMED, Event.TRACE_RECORDED, Event.REPORT_WRITTEN},
}


#: A request stands here only once something was looked up about the data subject.
LOOKED_FOR = {State.VERIFIED, State.TRACED, State.PLANNED, State.PARTLY_DONE, State.REPORTING}
RESUMPTIONS = {Event.CODE_RESUMED, Event.TRACE_RESUMED, Event.STEPS_RESUMED}


class Journey(RuleBasedStateMachine):
    """Any events in any order: only the table moves a request, and a person as the machine may."""

    @initialize()
    def begin(self) -> None:
        self.state = State.RECEIVED
        self.happened: set[Event] = set()

    @rule(event=st.sampled_from(Event))
    def anything(self, event: Event) -> None:
        before = self.state
        if event in RESUMPTIONS and event != self.resumption():
            return
        after = next_state(before, event)
        if after is None:
            assert event not in events_from(before)
            return
        self.state = after
        self.happened.add(event)

    def resumption(self) -> Event:
        return resumption(
            identity_confirmed=Event.IDENTITY_CONFIRMED in self.happened,
            work_began=Event.STEPS_STARTED in self.happened,
        )

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
        assert NEEDS.get(self.state, set()) <= self.happened

    @invariant()
    def identity_is_confirmed_before_anything_is_looked_for(self) -> None:
        if self.state in LOOKED_FOR:
            assert Event.IDENTITY_CONFIRMED in self.happened

    @invariant()
    def nothing_is_reported_while_a_recipient_is_waited_for(self) -> None:
        if self.state == State.PARTLY_DONE:
            assert set(events_from(self.state)) - {Event.ATTENTION_NEEDED} == {
                Event.RECIPIENTS_ANSWERED,
                Event.REPORTED_AS_PARTIAL,
            }


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
    begun = (State.APPROVED, State.EXECUTING, State.VERIFYING, State.PARTLY_DONE, State.REPORTING)
    for state in (*begun, State.CLOSED):
        assert next_state(state, Event.WITHDRAWAL) is None


def test_a_resumption_goes_back_to_where_the_request_stopped() -> None:
    assert resumption(identity_confirmed=False, work_began=False) is Event.CODE_RESUMED
    assert resumption(identity_confirmed=True, work_began=False) is Event.TRACE_RESUMED
    assert resumption(identity_confirmed=True, work_began=True) is Event.STEPS_RESUMED
    for event in RESUMPTIONS:
        assert next_state(State.NEEDS_HUMAN, event) is not None


def test_only_a_closed_request_is_closed_in_part() -> None:
    assert label_of(State.CLOSED, "partial") == "Closed in part"
    assert label_of(State.CLOSED, "answered") == "Closed"
    assert label_of(State.REPORTING, "partial") == "Writing the report"
