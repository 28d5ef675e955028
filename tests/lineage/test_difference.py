"""What changed between two moments; no database."""

import pytest

from governance.errors import InvalidInput
from lineage.closure.snapshot import Snapshot
from lineage.difference import compare_graphs, compare_impacts
from lineage.graph import Affected, ArtifactKind, Edge, Impact, Influence, Node, Relation
from lineage.moments import moment_from


def node(pk: int, *, state: str = "current") -> Node:
    return Node(id=pk, kind=ArtifactKind.MODEL, name=f"m{pk}", state=state)


def edge(upstream: int, downstream: int) -> Edge:
    return Edge(upstream=upstream, downstream=downstream, relation=Relation.FINE_TUNED_FROM)


def affected(pk: int, *influence: Influence, certainty: str = "certain") -> Affected:
    return Affected(
        node=node(pk),
        influence=influence or (Influence.WEIGHTS,),
        path=(pk,),
        rank=pk,
        certainty=certainty,
    )


def impact(*items: Affected) -> Impact:
    return Impact(
        records=(),
        affected=items,
        complete=True,
        reasons=(),
        gaps=(),
        frontier=(),
        snapshot_hash="",
        datasets_examined=0,
    )


def test_equal_graphs_differ_in_nothing_whatever_their_order() -> None:
    there = Snapshot(nodes=(node(1), node(2)), edges=(edge(1, 2),))
    back = Snapshot(nodes=(node(2), node(1)), edges=(edge(1, 2),))
    found = compare_graphs(there, back)
    everything = (found.recorded, found.removed, found.changed, found.begun, found.ended)
    assert everything == ((), (), (), (), ())


def test_artifacts_and_edges_that_came_changed_and_went_are_told_apart() -> None:
    before = Snapshot(nodes=(node(1), node(2), node(3)), edges=(edge(1, 2), edge(2, 3)))
    after = Snapshot(
        nodes=(node(1), node(2, state="destroyed"), node(4)), edges=(edge(1, 2), edge(1, 4))
    )
    found = compare_graphs(before, after)
    assert found.recorded == (node(4),)
    assert found.removed == (node(3),)
    assert found.changed == ((node(2), node(2, state="destroyed")),)
    assert [(link.upstream.name, link.downstream.name) for link in found.begun] == [("m1", "m4")]
    assert [(link.upstream.name, link.downstream.name) for link in found.ended] == [("m2", "m3")]


def test_an_artifact_is_otherwise_affected_by_another_influence_or_certainty_only() -> None:
    empty = Snapshot(nodes=(), edges=())
    before = impact(affected(1), affected(2), affected(3), affected(4))
    after = impact(
        affected(2),
        affected(3, Influence.SELECTION),
        affected(4, certainty="possible"),
        affected(5),
    )
    found = compare_impacts(before, after, compare_graphs(empty, empty))
    assert [item.node.id for item in found.newly] == [5]
    assert [item.node.id for item in found.no_longer] == [1]
    assert found.otherwise == (
        (affected(3), affected(3, Influence.SELECTION)),
        (affected(4), affected(4, certainty="possible")),
    )


@pytest.mark.parametrize("text", ["2026-11-25T18:00:00+01:00", "2026-11-25T17:00:00Z"])
def test_a_moment_is_read_with_its_offset(text: str) -> None:
    assert moment_from(text, "as_of") == moment_from("2026-11-25T17:00:00+00:00", "as_of")


@pytest.mark.parametrize("text", ["yesterday", "", "2026-11-25", "2026-11-25T18:00:00", "25.11.26"])
def test_a_moment_that_is_none_or_has_no_offset_is_refused_with_a_remedy(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"^as_of: .* Write it like 2026-") as caught:
        moment_from(text, "as_of")
    assert [error.pointer for error in caught.value.errors] == ["/as_of"]
