"""What a page adds to a request's facts: stages, what happens next, and the drawn trace. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from deletion_requests.lifecycle import State
from lineage.layout import Drawing, Metrics, draw

#: Stages of the journey as people see it → the states that belong to each.
STAGES: tuple[tuple[str, frozenset[State]], ...] = (
    ("Received", frozenset({State.RECEIVED})),
    ("Identity", frozenset({State.IDENTITY_PENDING})),
    ("Trace", frozenset({State.VERIFIED, State.TRACED})),
    ("Approval", frozenset({State.PLANNED})),
    ("Steps", frozenset({State.APPROVED, State.EXECUTING})),
    ("Verification", frozenset({State.VERIFYING})),
    ("Report", frozenset({State.REPORTING})),
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
    State.APPROVED: "The steps start in a moment; nothing more is needed from you.",
    State.EXECUTING: "Workers carry out the steps; this page follows them.",
    State.VERIFYING: "The results are tested before anything new goes live.",
    State.REPORTING: "The report is being written and signed.",
    State.CLOSED: "Nothing more is to be done. The signed report answers the data subject.",
    State.DENIED: "Nothing more is to be done. The request was denied.",
    State.WITHDRAWN: "Nothing more is to be done. The data subject took the request back.",
    State.EXPIRED: "Nothing more is to be done. Nobody proved to be the data subject in time.",
    State.NEEDS_HUMAN: "A privacy officer reads why it stopped, and decides how it goes on.",
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
_LABEL_LENGTH = 22


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One stage of the journey."""

    name: str
    #: ``done``, ``current`` or ``ahead``.
    progress: str


@dataclass(frozen=True, kw_only=True)
class GraphBox:
    """One artifact in the drawn trace."""

    artifact_id: int
    kind: str
    name: str
    #: The name, cut to the width of the box.
    label: str
    x: float
    y: float


@dataclass(frozen=True, kw_only=True)
class Graph:
    """The drawn trace; sizes in user units."""

    width: float
    height: float
    box_width: int
    box_height: int
    boxes: tuple[GraphBox, ...]
    #: SVG path data, one an edge.
    wires: tuple[str, ...]


def stages(state: str, *, work_began: bool) -> tuple[Stage, ...]:
    """Place a request on its journey.

    Args:
        state: Key of a ``lifecycle.State``.
        work_began: Whether steps have started; tells where a request that needs a person stands,
            and whether a closed one was answered without any work.

    Returns:
        Every stage in order; empty for a request that left the journey early.
    """
    here = State(state)
    if here == State.NEEDS_HUMAN:
        here = State.EXECUTING if work_began else State.TRACED
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

    Edges are the hops of the recorded paths, so the drawing shows what the table lists.
    """
    if trace is None or not trace["affected"]:
        return None
    affected: Sequence[Mapping[str, Any]] = trace["affected"]
    if len(affected) > MOST_BOXES:
        affected = [entry for entry in affected if entry["kind"] != "segment"]
    known = {entry["artifact_id"]: entry for entry in affected}
    hops = [
        (tail["id"], head["id"])
        for entry in affected
        for tail, head in pairwise(entry["path"])
        if tail["id"] in known and head["id"] in known
    ]
    return _graph(known, draw(list(known), hops), Metrics())


def _graph(known: Mapping[int, Mapping[str, Any]], drawing: Drawing, sizes: Metrics) -> Graph:
    return Graph(
        width=drawing.width,
        height=drawing.height,
        box_width=sizes.box_width,
        box_height=sizes.box_height,
        boxes=tuple(
            GraphBox(
                artifact_id=entry["artifact_id"],
                kind=entry["kind"],
                name=entry["name"],
                label=_cut(entry["name"]),
                x=box.x,
                y=box.y,
            )
            for box, entry in zip(drawing.boxes, known.values(), strict=True)
        ),
        wires=tuple(wire.path for wire in drawing.wires),
    )


def _cut(name: str) -> str:
    """Shorten in the middle: the end of a name often tells versions apart."""
    if len(name) <= _LABEL_LENGTH:
        return name
    half = (_LABEL_LENGTH - 1) // 2
    return f"{name[:half]}…{name[-half:]}"
