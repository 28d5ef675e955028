"""Graphs for properties: any kinds, states and relations, cycles included."""

from dataclasses import replace

from hypothesis import strategies as st

from lineage.closure import Snapshot
from lineage.graph import ArtifactKind, Edge, Node, Relation


def node(number: int, kind: ArtifactKind = ArtifactKind.MODEL, state: str = "current") -> Node:
    return Node(id=number, kind=kind, name=f"n{number}", state=state)


def edge(upstream: int, downstream: int, relation: Relation = Relation.TRAINED_ON) -> Edge:
    return Edge(upstream=upstream, downstream=downstream, relation=relation)


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    count = draw(st.integers(1, 9))
    kinds = draw(st.lists(st.sampled_from(ArtifactKind), min_size=count, max_size=count))
    states = draw(
        st.lists(
            st.sampled_from(["current", "superseded", "destroyed"]),
            min_size=count,
            max_size=count,
        )
    )
    ends = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)).filter(
        lambda pair: pair[0] != pair[1]
    )
    chosen = draw(st.lists(st.tuples(ends, st.sampled_from(Relation)), max_size=20))
    read = draw(st.lists(st.booleans(), min_size=count, max_size=count))
    return Snapshot(
        nodes=tuple(replace(node(i, kinds[i], states[i]), indexed=read[i]) for i in range(count)),
        edges=tuple({edge(up, down, relation) for (up, down), relation in chosen}),
    )
