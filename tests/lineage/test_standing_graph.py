"""An image with what changed since laid over it is the graph as it is now."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.closure import Closure, Snapshot
from lineage.closure.columns import BLOCKABLE, EdgeColumns, NodeColumns
from lineage.closure.csr import UnfitSnapshotError
from lineage.closure.digests import PART_BITS, Digests, Table, edge_digests, node_digests
from lineage.closure.image import GraphImage, Stamp
from lineage.closure.links import CODES
from lineage.closure.networkx_engine import NetworkxEngine
from lineage.closure.standing import Changes, StandingGraph
from lineage.graph import ArtifactKind, Edge, Node, Relation
from tests.lineage.columns import edges_of
from tests.lineage.graphs import snapshots

LATER = Stamp(moment=7, at="2026-11-25T17:00:00+00:00")


def changes_between(before: Snapshot, after: Snapshot) -> Changes:
    old, new = ({node.id: node for node in each.nodes} for each in (before, after))
    changed = [node for node in after.nodes if old.get(node.id) != node]
    stayed = set(before.edges) & set(after.edges)
    into = {node.id for node in changed}
    return Changes(
        stamp=LATER,
        nodes=NodeColumns.of(changed),
        removed=np.array(sorted(old.keys() - new.keys()), dtype=np.int64),
        begun=EdgeColumns.of(set(after.edges) - set(before.edges)),
        ended=EdgeColumns.of(set(before.edges) - set(after.edges)),
        reconsidered=EdgeColumns.of(
            e for e in stayed if e.downstream in into and BLOCKABLE[CODES[e.relation]]
        ),
        digests={
            Table.NODES: differing(node_digests(before.nodes), node_digests(after.nodes)),
            Table.EDGES: differing(edge_digests(before.edges), edge_digests(after.edges)),
        },
    )


def differing(before: Digests, after: Digests) -> dict[int, bytes | None]:
    parts = before.keys() | after.keys()
    return {part: after.get(part) for part in parts if before.get(part) != after.get(part)}


@st.composite
def grown(draw: st.DrawFn) -> tuple[Snapshot, Snapshot]:
    """A graph, and one that it may become: artifacts join and change, edges begin and end."""
    after = draw(snapshots())
    count = draw(st.integers(0, len(after.nodes)))
    there = after.nodes[:count]
    other = draw(snapshots())
    was = {node.id: node for node in other.nodes}
    keep = draw(st.sets(st.sampled_from([n.id for n in there]))) if there else set()
    nodes = tuple(
        replace(was[n.id], name=n.name) if n.id in was and n.id not in keep else n for n in there
    )
    ids = {node.id for node in nodes}
    edges = {e for e in (*other.edges, *after.edges) if {e.upstream, e.downstream} <= ids}
    left = draw(st.sets(st.sampled_from(sorted(edges, key=str)))) if edges else set()
    return Snapshot(nodes=nodes, edges=tuple(edges - left)), after


def rows(edges: EdgeColumns) -> list[tuple[int, int, int]]:
    return sorted(edges.rows())


def same(found: Closure, expected: Closure) -> None:
    assert list(found.reached.items()) == list(expected.reached.items())
    assert (found.unknown_sources, found.cycles) == (expected.unknown_sources, expected.cycles)


@given(grown(), st.sets(st.integers(0, 9), max_size=3))
def test_changes_laid_over_an_image_give_the_graph_of_now(
    graphs: tuple[Snapshot, Snapshot], sources: set[int]
) -> None:
    before, after = graphs
    image = GraphImage.of(before)
    now = StandingGraph.lay_over(image, changes_between(before, after))
    anew = StandingGraph.of(GraphImage.of(after))
    same(now.engine.trace(sources), NetworkxEngine.of(after).trace(sources))
    assert edges_of(now) == edges_of(anew) == rows(EdgeColumns.of(after.edges))
    assert rows(now.idle) == rows(anew.idle)
    for name in ("ids", "kinds", "states", "traits"):
        assert getattr(now.nodes, name).tolist() == getattr(anew.nodes, name).tolist()
    assert now.hash == after.hash()
    assert now.datasets_examined == anew.datasets_examined
    assert now.stamp == LATER
    # The image is as it was: others may be reading it.
    assert edges_of(StandingGraph.of(image)) == rows(EdgeColumns.of(before.edges))


@given(snapshots())
def test_an_image_that_was_saved_opens_as_the_same_graph(
    tmp_path_factory: pytest.TempPathFactory, snapshot: Snapshot
) -> None:
    folder = tmp_path_factory.getbasetemp() / "image"
    GraphImage.of(snapshot).save(folder)
    opened = StandingGraph.of(GraphImage.open(folder))
    assert edges_of(opened) == rows(EdgeColumns.of(snapshot.edges))
    assert opened.hash == snapshot.hash()
    same(opened.engine.trace([0]), NetworkxEngine.of(snapshot).trace([0]))


@pytest.mark.parametrize("spoiled", ["image.json", "kinds.npy", "graph/targets.npy"])
@pytest.mark.parametrize("content", [None, b"{}"])
def test_a_folder_that_holds_no_whole_image_is_refused(
    tmp_path: Path, spoiled: str, content: bytes | None
) -> None:
    folder = tmp_path / "image"
    GraphImage.of(Snapshot(nodes=(model(1),), edges=())).save(folder)
    (folder / spoiled).unlink()
    if content is not None:
        (folder / spoiled).write_bytes(content)
    with pytest.raises(UnfitSnapshotError):
        GraphImage.open(folder)


@pytest.mark.parametrize(
    "after",
    [
        Snapshot(nodes=(), edges=()),
        Snapshot(nodes=(Node(id=3, kind=ArtifactKind.MODEL, name="m3"),), edges=()),
    ],
)
def test_what_does_not_fit_over_an_image_asks_for_a_new_one(after: Snapshot) -> None:
    before = Snapshot(nodes=(model(5),), edges=())
    joined = Snapshot(nodes=(*after.nodes, *(before.nodes if after.nodes else ())), edges=())
    with pytest.raises(ValueError, match="build a new image"):
        StandingGraph.lay_over(GraphImage.of(before), changes_between(before, joined))


def test_parts_have_digests_of_their_own() -> None:
    far = 1 << PART_BITS
    nodes = (model(1), model(far))
    edges = (Edge(upstream=1, downstream=far, relation=Relation.FINE_TUNED_FROM),)
    before = node_digests(nodes)
    after = node_digests((model(1), replace(model(far), state="destroyed")))
    assert before.keys() == after.keys() == {0, 1}
    assert before[0] == after[0]
    assert before[1] != after[1]
    assert list(edge_digests(edges)) == [1]


def model(number: int) -> Node:
    return Node(id=number, kind=ArtifactKind.MODEL, name=f"m{number}")


@given(snapshots(), st.integers(0, 4))
def test_everything_that_an_answer_may_tell_of_an_artifact_is_in_the_hash(
    snapshot: Snapshot, field: int
) -> None:
    first, *others = snapshot.nodes
    changed = (
        replace(first, kind=next(kind for kind in ArtifactKind if kind is not first.kind)),
        replace(first, name=f"{first.name} "),
        replace(first, digest="sha256:0"),
        replace(first, state="destroyed" if first.state == "current" else "current"),
        replace(first, indexed=not first.indexed),
    )[field]
    assert replace(snapshot, nodes=(changed, *others)).hash() != snapshot.hash()
