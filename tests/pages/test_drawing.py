"""The drawn trace: ranks, order and wires."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deletion_requests.lifecycle import Event, State, events_from
from deletion_requests.presentation import (
    GOING_ON,
    MOST_BOXES,
    Resumption,
    graph_of,
    stages,
)
from lineage.layout import Metrics, draw
from tests.factories import impact_document

EDGES = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=25)


@given(EDGES)
def test_every_node_stands_once_inside_the_drawing_and_no_two_overlap(
    edges: list[tuple[int, int]],
) -> None:
    drawing = draw(range(10), [(tail, head) for tail, head in edges if tail != head])

    assert [box.node for box in drawing.boxes] == list(range(10))
    assert len({(box.x, box.y) for box in drawing.boxes}) == 10
    sizes = Metrics()
    for box in drawing.boxes:
        assert 0 <= box.x <= drawing.width - sizes.box_width
        assert 0 <= box.y <= drawing.height - sizes.box_height


@given(EDGES)
def test_without_cycles_every_edge_points_to_a_higher_rank(edges: list[tuple[int, int]]) -> None:
    acyclic = [(min(edge), max(edge)) for edge in edges if edge[0] != edge[1]]

    rank_of = {box.node: box.rank for box in draw(range(10), acyclic).boxes}

    assert all(rank_of[tail] < rank_of[head] for tail, head in acyclic)


def test_a_crossing_that_order_can_avoid_is_avoided() -> None:
    drawing = draw(["a", "b", "c", "d"], [("a", "d"), ("b", "c")])
    place = {box.node: box.y for box in drawing.boxes}

    assert (place["a"] - place["b"]) * (place["d"] - place["c"]) > 0


def test_a_long_edge_passes_beside_the_boxes_between_its_ends() -> None:
    drawing = draw(["a", "b", "c"], [("a", "b"), ("b", "c"), ("a", "c")])
    wire = next(wire for wire in drawing.wires if (wire.tail, wire.head) == ("a", "c"))

    assert wire.path.count("C") == 3


def test_a_cycle_is_drawn_without_end() -> None:
    drawing = draw(["a", "b"], [("a", "b"), ("b", "a")])

    assert [box.rank for box in drawing.boxes] == [0, 1]
    assert len(drawing.wires) == 2


def test_nothing_affected_draws_nothing() -> None:
    assert graph_of(None) is None
    assert graph_of({**impact_document(), "affected": []}) is None


def test_a_trace_is_drawn_with_one_box_an_artifact() -> None:
    graph = graph_of(impact_document())

    assert graph is not None
    assert len(graph.boxes) == 7
    assert len(graph.wires) == 6


def test_a_long_name_keeps_its_end() -> None:
    document = impact_document()
    document["affected"][0]["name"] = "a-very-long-dataset-segment-name-0042.csv"

    graph = graph_of(document)

    assert graph is not None
    assert graph.boxes[0].label.endswith("-0042.csv")
    assert "…" in graph.boxes[0].label


def test_many_segments_stay_in_the_table_only() -> None:
    document = impact_document()
    segment = document["affected"][0]
    document["affected"] += [
        {**segment, "artifact_id": 100 + n, "path": [{**segment["path"][0], "id": 100 + n}]}
        for n in range(MOST_BOXES)
    ]

    graph = graph_of(document)

    assert graph is not None
    assert {box.item.kind for box in graph.boxes} == {
        "dataset_version", "model", "fine_tune", "embedding_index", "product",
    }  # fmt: skip


def test_stages_tell_done_from_current_from_ahead() -> None:
    marks = [stage.progress for stage in stages(State.EXECUTING, work_began=True)]

    assert marks == ["done"] * 4 + ["current"] + ["ahead"] * 3
    assert {stage.progress for stage in stages(State.CLOSED, work_began=True)} == {"done"}
    assert stages(State.WITHDRAWN, work_began=False) == ()
    assert "Steps" not in {stage.name for stage in stages(State.CLOSED, work_began=False)}


@pytest.mark.parametrize(
    ("event", "settled", "stage", "words"),
    [
        (Event.CODE_RESUMED, False, "Received", "mails the one-time code"),
        (Event.TRACE_RESUMED, False, "Trace", "traces again, and drafts a new plan"),
        (Event.STEPS_RESUMED, False, "Steps", "repeats the failed jobs"),
        (Event.STEPS_RESUMED, True, "Report", "repeats no step"),
    ],
)
def test_a_stuck_request_stands_where_it_stopped_and_says_how_it_goes_on(
    event: Event, settled: bool, stage: str, words: str
) -> None:
    resumption = Resumption(event=event, settled=settled, accepts=False)

    placed = stages(
        State.NEEDS_HUMAN, work_began=event is Event.STEPS_RESUMED, resumption=resumption
    )

    assert [item.name for item in placed if item.progress == "current"] == [stage]
    assert words in resumption.sentence


def test_every_way_of_going_on_has_a_sentence() -> None:
    ways = [event for event in events_from(State.NEEDS_HUMAN) if event is not Event.DENIAL]

    assert set(GOING_ON) == set(ways)
