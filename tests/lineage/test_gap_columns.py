"""The columns of the gap rules against walks that anybody can follow."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lineage.closure import Snapshot
from lineage.closure.image import GraphImage
from lineage.closure.impact import answer_trace
from lineage.closure.standing import StandingGraph
from lineage.codes import STATE_CODES
from lineage.gaps import find_gaps
from lineage.gaps.walk import in_use
from lineage.graph import (
    MODELS,
    PROPAGATION,
    RECAST,
    ROW_HOLDERS,
    ArtifactKind,
    Edge,
    Node,
    Relation,
)
from tests.lineage.knowing import KnownArtifact, knowledge_of

STATES = ("current", "superseded", "destroyed")
Graph = tuple[list[KnownArtifact], list[Edge]]


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Graphs of any shape, cycles and parallel edges included; ids are no places."""
    ids = draw(st.lists(st.integers(1, 999), min_size=1, max_size=9, unique=True))
    artifacts = [
        KnownArtifact(
            node=Node(
                id=node,
                kind=draw(st.sampled_from(list(ArtifactKind))),
                name=f"n{node}",
                state=draw(st.sampled_from(STATES)),
                indexed=draw(st.booleans()),
            ),
            placeholder=draw(st.booleans()),
            contact="mailto:a@b.org",
            unreadable_copies=draw(st.booleans()),
        )
        for node in ids
    ]
    ends = st.sampled_from(ids)
    edges = draw(
        st.lists(
            st.builds(Edge, upstream=ends, downstream=ends, relation=st.sampled_from(Relation)),
            max_size=20,
        )
    )
    return artifacts, [edge for edge in edges if edge.upstream != edge.downstream]


def sources_of(wanted: set[int], edges: list[Edge]) -> set[int]:
    """What these came from, one link at a time until nothing is added."""
    found: set[int] = set()
    while True:
        fresh = {
            edge.upstream
            for edge in edges
            if edge.downstream in wanted | found and PROPAGATION[edge.relation].influence
        }
        if fresh <= found:
            return found
        found |= fresh


@given(graphs())
def test_what_is_in_use_and_behind_it_is_what_a_naive_walk_finds(graph: Graph) -> None:
    artifacts, edges = graph
    known = knowledge_of(artifacts, edges)
    current = {item.node.id for item in artifacts if item.node.state == "current"}
    behind = sources_of(current, edges)
    assert set(known.ids[known.behind].tolist()) == behind
    assert set(known.ids[known.in_use].tolist()) == current | behind


@given(graphs())
def test_links_are_found_by_either_end_whatever_their_order(graph: Graph) -> None:
    artifacts, edges = graph
    known = knowledge_of(artifacts, edges)
    for relation in Relation:
        ends = [(edge.upstream, edge.downstream) for edge in edges if edge.relation is relation]
        into = known.has_upstream([relation])
        assert set(known.ids[into].tolist()) == {down for _, down in ends}
        out = known.has_downstream([relation], among=known.current)
        held = set(known.ids[known.current].tolist())
        assert set(known.ids[out].tolist()) == {up for up, down in ends if down in held}
        counts = dict(zip(known.ids.tolist(), known.upstreams([relation]).tolist(), strict=True))
        assert counts == {node: [d for _, d in ends].count(node) for node in counts}


@given(graphs(), st.data())
def test_an_unknown_on_or_under_the_paths_of_an_answer_makes_it_incomplete(
    graph: Graph, data: st.DataObject
) -> None:
    artifacts, edges = graph
    snapshot = Snapshot(nodes=tuple(item.node for item in artifacts), edges=tuple(edges))
    ids = [item.node.id for item in artifacts]
    answer = answer_trace(
        graph=StandingGraph.of(GraphImage.of(snapshot)),
        sources=[data.draw(st.sampled_from(ids))],
        records=(),
        found_gaps=find_gaps(knowledge_of(artifacts, edges)),
    )
    answered = set(answer.ids[answer.states == STATE_CODES["current"]].tolist())
    reached = set(answer.closure.nodes.tolist())
    below = sources_of(answered, edges)
    told = {found.about for found in answer.gaps if found.gap.hides in answer.reasons}
    by_id = {item.node.id: item for item in artifacts}
    trained = {
        edge.downstream
        for edge in edges
        if edge.relation in (Relation.TRAINED_ON, Relation.INDEXES)
    }
    for node in answered | below:
        item = by_id[node]
        kind, shown = item.node.kind, not item.placeholder or node in below
        unread = kind in ROW_HOLDERS and not item.node.indexed and shown
        untrained = kind in MODELS - RECAST and node not in trained and shown
        elsewhere = item.unreadable_copies and node in reached
        if unread or untrained or elsewhere:
            assert node in told


def test_a_chain_of_past_versions_of_any_length_is_walked_to_its_beginning() -> None:
    length = 100_000
    current = np.zeros(length, dtype=np.bool_)
    current[-1] = True
    links = np.arange(length - 1)
    assert in_use(current, links, links + 1).all()
