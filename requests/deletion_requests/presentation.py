"""What a page adds to a request's facts: stages, what happens next, and the drawn trace. Pure."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from deletion_requests.lifecycle import Event, State
from lineage.drawing import Drawn, Graph, draw_graph

#: Stages of the journey as people see it → the states that belong to each.
STAGES: tuple[tuple[str, frozenset[State]], ...] = (
    ("Received", frozenset({State.RECEIVED})),
    ("Identity", frozenset({State.IDENTITY_PENDING})),
    ("Trace", frozenset({State.VERIFIED, State.TRACED})),
    ("Approval", frozenset({State.PLANNED})),
    ("Steps", frozenset({State.APPROVED, State.EXECUTING})),
    ("Verification", frozenset({State.VERIFYING})),
    ("Report", frozenset({State.PARTLY_DONE, State.REPORTING})),
    ("Closed", frozenset({State.CLOSED})),
)

#: Stages that a request passes by when nothing was found that would need a plan.
WORK_STAGES = frozenset({"Approval", "Steps", "Verification"})

#: What happens next, in one sentence for each state.
NEXT: Mapping[State, str] = {
    State.RECEIVED: "A one-time code is about to be sent to the data subject.",
    State.IDENTITY_PENDING: "The data subject enters the one-time code that was sent to them.",
    State.VERIFIED: "The trace looks for everything that holds or learned from the records.",
    State.TRACED: "A plan is being drafted: one step for each affected artifact.",
    State.PLANNED: "Two different officers, at least one of them an approver, approve the plan.",
    State.APPROVED: "The steps start as soon as no other request is at work on the same artifacts.",
    State.EXECUTING: "Workers carry out the steps; this page follows them.",
    State.VERIFYING: "The results are tested before anything new goes live.",
    State.PARTLY_DONE: "Recipients that were told have not answered yet; a privacy officer may "
    "let the report be written without their answer.",
    State.REPORTING: "The report is being written and signed.",
    State.CLOSED: "Nothing more is to be done. The signed report answers the data subject.",
    State.DENIED: "Nothing more is to be done. The request was denied.",
    State.WITHDRAWN: "Nothing more is to be done. The data subject took the request back.",
    State.EXPIRED: "Nothing more is to be done. Nobody proved to be the data subject in time.",
    State.NEEDS_HUMAN: "A privacy officer reads why it stopped, and decides how it goes on.",
}

#: What it means to send a request on that needed a person, in one sentence for each way on.
GOING_ON: Mapping[Event, str] = {
    Event.CODE_RESUMED: "Going on mails the one-time code to the data subject again.",
    Event.TRACE_RESUMED: "Going on traces again, and drafts a new plan for what it finds.",
    Event.STEPS_RESUMED: "Going on repeats the failed jobs.",
}

#: Where a request that needs a person stands, by the way on which it goes on.
_STOPPED_AT: Mapping[Event, State] = {
    Event.CODE_RESUMED: State.RECEIVED,
    Event.TRACE_RESUMED: State.TRACED,
    Event.STEPS_RESUMED: State.EXECUTING,
}

#: States in which work goes on without anybody pressing a button.
LIVE_STATES = frozenset(
    {
        State.RECEIVED,
        State.VERIFIED,
        State.TRACED,
        State.APPROVED,
        State.EXECUTING,
        State.VERIFYING,
        State.REPORTING,
    }
)

#: More boxes than this would not be read; segments then stay in the table only.
MOST_BOXES = 60


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One stage of the journey."""

    name: str
    #: ``done``, ``current`` or ``ahead``.
    progress: str


@dataclass(frozen=True, kw_only=True)
class Resumption:
    """How a request that needs a person would go on if somebody sent it on."""

    #: What ``lifecycle.resumption`` chose.
    event: Event
    #: Whether nothing is left of its plan, so that only recipients and the report are missing.
    settled: bool
    #: Whether going on lets versions serve that failed a check.
    accepts: bool

    @property
    def stopped_at(self) -> State:
        """Where on its journey the request stopped."""
        return State.REPORTING if self.settled else _STOPPED_AT[self.event]

    @property
    def sentence(self) -> str:
        """What going on does, for the person who decides it."""
        if self.settled:
            return (
                "Going on repeats no step. What is left is to wait for recipients that have not "
                "answered, if any, and to write the report."
            )
        if self.accepts:
            return (
                "Going on repeats what failed. Where a new version fell below the utility floor, "
                "you accept that it serves."
            )
        return GOING_ON[self.event]


def stages(
    state: State, *, work_began: bool, resumption: Resumption | None = None
) -> tuple[Stage, ...]:
    """Place a request on its journey.

    Args:
        state: Where the request stands.
        work_began: Whether steps have started; tells whether a closed request was answered without
            any work.
        resumption: How it goes on; needed for a request that needs a person, which stands where
            it stopped.

    Returns:
        Every stage in order; empty for a request that left the journey early.
    """
    here = resumption.stopped_at if resumption else state
    spared = WORK_STAGES if here in {State.REPORTING, State.CLOSED} and not work_began else ()
    journey = [stage for stage in STAGES if stage[0] not in spared]
    position = next((i for i, (_, states) in enumerate(journey) if here in states), None)
    if position is None:
        return ()
    return tuple(
        Stage(name=name, progress=_progress(index, position, closed=here == State.CLOSED))
        for index, (name, _) in enumerate(journey)
    )


def _progress(index: int, position: int, *, closed: bool) -> str:
    if index < position or closed:
        return "done"
    return "current" if index == position else "ahead"


def graph_of(trace: Mapping[str, Any] | None) -> Graph | None:
    """Draw an impact document; None where it names no affected artifact.

    Edges are the hops of the recorded paths, so the drawing shows what the table lists. Segments
    of the same datasets stand in one box, for what tells them apart is a number.
    """
    if trace is None or not trace["affected"]:
        return None
    affected: Sequence[Mapping[str, Any]] = trace["affected"]
    stacks = _stacks(trace)
    shown = [entry for entry in affected if stacks.get(_id(entry), _id(entry)) == _id(entry)]
    if len(shown) > MOST_BOXES:
        shown = [entry for entry in shown if entry["kind"] != "segment"]
    sizes = Counter(stacks.values())
    items = [_drawn(entry, sizes.get(_id(entry), 1)) for entry in shown]
    return draw_graph(items, _hops(affected, stacks, {item.id for item in items}))


def _id(entry: Mapping[str, Any]) -> int:
    return int(entry["artifact_id"])


def _stacks(trace: Mapping[str, Any]) -> dict[int, int]:
    """Each segment → the segment that stands for all of the same datasets."""
    datasets: dict[int, set[int]] = defaultdict(set)
    for record in trace["records"]:
        datasets[record["segment"]].add(record["dataset_version"])
    firsts: dict[frozenset[int], int] = {}
    segments = [_id(entry) for entry in trace["affected"] if entry["kind"] == "segment"]
    return {
        segment: firsts.setdefault(frozenset(datasets[segment]), segment)
        for segment in segments
        if segment in datasets
    }


def _drawn(entry: Mapping[str, Any], stacked: int) -> Drawn:
    return Drawn(
        id=_id(entry),
        kind=entry["kind"],
        name=entry["name"] if stacked == 1 else f"{stacked} segments",
        href=f"#artifact-{_id(entry)}",
    )


def _hops(
    affected: Sequence[Mapping[str, Any]], stacks: Mapping[int, int], known: Collection[int]
) -> list[tuple[int, int]]:
    """The hops of every path between boxes that are drawn, each once."""
    hops = {
        (stacks.get(tail["id"], tail["id"]), stacks.get(head["id"], head["id"]))
        for entry in affected
        for tail, head in pairwise(entry["path"])
    }
    return sorted(hop for hop in hops if hop[0] in known and hop[1] in known)
