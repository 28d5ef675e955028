from collections.abc import Collection
from dataclasses import replace
from itertools import pairwise
from random import Random

import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from lineage.closure import Closure, Snapshot
from lineage.closure.image import GraphImage
from lineage.closure.impact import answer_trace
from lineage.closure.networkx_engine import NetworkxEngine
from lineage.closure.propagation import blocked_by, carrying_edges, in_words
from lineage.closure.standing import StandingGraph
from lineage.graph import (
    PROPAGATION,
    ROW_HOLDERS,
    ArtifactKind,
    BlockedLink,
    Impact,
    Influence,
    Relation,
)
from tests.lineage.graphs import edge, node, snapshots


def trace(snapshot: Snapshot, sources: Collection[int]) -> Closure:
    return NetworkxEngine.of(snapshot).trace(sources)


@given(snapshots(), st.integers(0, 8), st.integers(0, 8), st.sampled_from(Relation))
def test_added_edges_never_take_anything_out_of_the_closure(
    snapshot: Snapshot, up: int, down: int, relation: Relation
) -> None:
    ids = {n.id for n in snapshot.nodes}
    before = trace(snapshot, [0])
    more = Snapshot(nodes=snapshot.nodes, edges=(*snapshot.edges, edge(up, down, relation)))
    after = trace(more if {up, down} <= ids and up != down else snapshot, [0])
    for reached, reach in before.reached.items():
        assert set(reach.influence) <= set(after.reached[reached].influence)
        assert reach.certainty == "possible" or after.reached[reached].certainty == "certain"


@given(snapshots())
def test_every_path_runs_along_carrying_edges_from_a_source(snapshot: Snapshot) -> None:
    steps = {(e.upstream, e.downstream) for e in carrying_edges(snapshot)}
    for reached, reach in trace(snapshot, [0]).reached.items():
        assert reach.path[0] == 0
        assert reach.path[-1] == reached
        assert len(set(reach.path)) == len(reach.path)
        assert all(step in steps for step in pairwise(reach.path))


@given(snapshots())
def test_ranks_increase_along_edges_except_inside_a_reported_cycle(snapshot: Snapshot) -> None:
    closure = trace(snapshot, [0])
    for e in carrying_edges(snapshot):
        if e.upstream not in closure.reached:
            continue
        folded = any({e.upstream, e.downstream} <= set(cycle) for cycle in closure.cycles)
        up, down = closure.reached[e.upstream].rank, closure.reached[e.downstream].rank
        assert up == down if folded else up < down


@given(snapshots(), st.randoms(use_true_random=False))
def test_the_same_snapshot_gives_the_same_hash_and_answer_in_any_order(
    snapshot: Snapshot, random: Random
) -> None:
    nodes, edges = list(snapshot.nodes), list(snapshot.edges)
    random.shuffle(nodes)
    random.shuffle(edges)
    shuffled = Snapshot(nodes=tuple(nodes), edges=tuple(edges))
    assert shuffled.hash() == snapshot.hash()
    assert trace(shuffled, [0]).reached == trace(snapshot, [0]).reached


@given(snapshots())
def test_the_closure_holds_exactly_what_repeated_steps_reach(snapshot: Snapshot) -> None:
    reached = {0}
    for _ in snapshot.nodes:
        reached |= {e.downstream for e in carrying_edges(snapshot) if e.upstream in reached}
    assert set(trace(snapshot, [0]).reached) == reached


@given(snapshots())
def test_what_is_no_longer_current_is_listed_only_while_a_product_serves_it(
    snapshot: Snapshot,
) -> None:
    current = {n.id for n in snapshot.nodes if n.state == "current"}
    served = {
        e.upstream
        for e in snapshot.edges
        if e.relation is Relation.DEPLOYED_AS and e.downstream in current
    }
    reached = set(trace(snapshot, [0]).reached)
    assert {item.node.id for item in _impact(snapshot).affected} == reached & (current | served)


@st.composite
def holders(draw: st.DrawFn) -> Snapshot:
    """Graphs of logs, some of which were read; that blocks some of their links."""
    snapshot = draw(snapshots())
    of_logs = st.sampled_from([Relation.LOGGED_IN, Relation.PART_OF, Relation.DEPLOYED_AS])
    return Snapshot(
        nodes=tuple(replace(n, kind=ArtifactKind.LOG) for n in snapshot.nodes),
        edges=tuple({replace(e, relation=draw(of_logs)) for e in snapshot.edges}),
    )


@given(holders())
def test_every_blocked_link_out_of_what_is_reached_is_told_with_its_evidence(
    snapshot: Snapshot,
) -> None:
    nodes = {n.id: n for n in snapshot.nodes}
    sources = range(len(nodes) // 2)
    reached = set(trace(snapshot, sources).reached)
    served = {
        e.upstream
        for e in snapshot.edges
        if e.relation is Relation.DEPLOYED_AS and nodes[e.downstream].state == "current"
    }
    expected = {
        BlockedLink(
            upstream=e.upstream, downstream=e.downstream, relation=e.relation, evidence=evidence
        )
        for e in snapshot.edges
        if e.upstream in reached
        and e.downstream not in reached
        and (nodes[e.downstream].state == "current" or e.downstream in served)
        and (evidence := blocked_by(e.relation, nodes[e.downstream]))
    }
    in_order = sorted(expected, key=lambda link: (link.upstream, link.downstream))
    assert _impact(snapshot, sources).blocked == tuple(in_order)


def test_blocked_links_lead_in_order_to_what_is_in_use_and_not_reached_another_way() -> None:
    log, reached, past, served = (
        replace(node(number, ArtifactKind.LOG, state), indexed=True)
        for number, state in enumerate(("current", "current", "superseded", "superseded"), 1)
    )
    snapshot = Snapshot(
        nodes=(node(0), log, reached, past, served, node(5, ArtifactKind.PRODUCT)),
        edges=(
            edge(2, 1, Relation.LOGGED_IN),
            edge(0, 2, Relation.LOGGED_IN),
            edge(0, 2, Relation.PART_OF),
            edge(0, 4, Relation.LOGGED_IN),
            edge(0, 3, Relation.LOGGED_IN),
            edge(0, 1, Relation.LOGGED_IN),
            edge(4, 5, Relation.DEPLOYED_AS),
        ),
    )
    assert _impact(snapshot).blocked == tuple(
        BlockedLink(
            upstream=upstream,
            downstream=downstream,
            relation=Relation.LOGGED_IN,
            evidence="record_index",
        )
        for upstream, downstream in ((0, 1), (0, 4), (2, 1))
    )


@given(snapshots())
def test_certain_is_exactly_what_some_path_of_certain_edges_reaches(snapshot: Snapshot) -> None:
    certain = [
        e for e in carrying_edges(snapshot) if PROPAGATION[e.relation].certainty == "certain"
    ]
    reached = {0}
    for _ in snapshot.nodes:
        reached |= {e.downstream for e in certain if e.upstream in reached}
    found = trace(snapshot, [0]).reached
    assert {n for n, reach in found.items() if reach.certainty == "certain"} == reached


@given(snapshots())
def test_nothing_crosses_an_edge_that_replaced_its_upstream_by_clean_work(
    snapshot: Snapshot,
) -> None:
    clean = {Relation.RETRAINED_FROM, Relation.REDACTED_FROM, Relation.REGENERATED_FROM}
    without = replace(snapshot, edges=tuple(e for e in snapshot.edges if e.relation not in clean))
    assert trace(without, [0]).reached == trace(snapshot, [0]).reached


def test_a_cycle_is_walked_through_and_reported() -> None:
    snapshot = Snapshot(
        nodes=tuple(node(i, ArtifactKind.DATASET_VERSION) for i in range(4)),
        edges=(
            edge(0, 1, Relation.PART_OF),
            edge(1, 2, Relation.DERIVED_FROM),
            edge(2, 1, Relation.DERIVED_FROM),
            edge(2, 3, Relation.DERIVED_FROM),
        ),
    )
    closure = trace(snapshot, [0])
    assert closure.cycles == ((1, 2),)
    assert closure.reached[3].path == (0, 1, 2, 3)


def test_a_certain_path_is_preferred_to_a_shorter_possible_one() -> None:
    snapshot = Snapshot(
        nodes=tuple(node(i) for i in range(4)),
        edges=(
            edge(0, 3, Relation.DERIVED_FROM),
            edge(0, 1),
            edge(1, 2, Relation.FINE_TUNED_FROM),
            edge(2, 3, Relation.FINE_TUNED_FROM),
        ),
    )
    reach = trace(snapshot, [0]).reached[3]
    assert (reach.path, reach.certainty) == ((0, 1, 2, 3), "certain")


def test_what_only_selected_a_model_does_not_grow_into_its_weights() -> None:
    snapshot = Snapshot(
        nodes=tuple(node(i) for i in range(3)),
        edges=(edge(0, 1, Relation.EVALUATED_ON), edge(1, 2, Relation.FINE_TUNED_FROM)),
    )
    assert trace(snapshot, [0]).reached[2].influence == (Influence.SELECTION,)


#: Every relation: what it carries, how surely, and what on the downstream artifact blocks it.
RULES = """
part_of content certain -
derived_from content possible record_index
extracted_from content possible record_index
trained_on weights certain -
fine_tuned_from weights certain -
adapter_of weights certain -
distilled_from weights certain -
merged_from weights certain -
quantized_from weights certain -
evaluated_on selection certain -
embedded_by weights certain -
indexes content certain -
synthesized_by content possible -
logged_in content possible record_index
cached_in content possible record_index
copied_to content certain -
deployed_as exposure certain -
retrieves_from exposure certain -
retrained_from - certain -
unlearned_from weights possible -
redacted_from - certain -
regenerated_from - certain -
"""


def test_every_relation_has_the_rule_that_its_meaning_asks_for() -> None:
    told = {
        relation.value: (rule.influence or "-", rule.certainty, rule.blocked_by or "-")
        for relation, rule in PROPAGATION.items()
    }
    assert told == {
        name: tuple(rest) for name, *rest in (line.split() for line in RULES.split("\n") if line)
    }
    assert set(PROPAGATION) == set(Relation)
    assert len(Relation) <= 32, "a relation's code has five bits"


def test_the_documentation_repeats_the_table() -> None:
    page = (settings.BASE_DIR / "docs" / "what-a-trace-follows.md").read_text(encoding="utf-8")
    cells = [[cell.strip(" `") for cell in line.split("|")] for line in page.splitlines()]
    told = {row[1]: tuple(row[3:6]) for row in cells if len(row) == 7 and row[1] in set(Relation)}
    assert told == {
        relation.value: (
            (rule.influence.value, rule.certainty, rule.blocked_by or "-")
            if rule.influence
            else ("nothing", "-", "-")
        )
        for relation, rule in PROPAGATION.items()
    }


@pytest.mark.parametrize(
    ("relation", "indexed", "said"),
    [
        (Relation.EXTRACTED_FROM, True, "carries nothing: every row of it was read"),
        (Relation.EXTRACTED_FROM, False, "may carry content"),
        (Relation.PART_OF, True, "carries content"),
        (Relation.RETRAINED_FROM, False, "carries nothing"),
    ],
)
def test_what_crosses_an_edge_is_said_with_what_blocks_it(
    relation: Relation, said: str, *, indexed: bool
) -> None:
    holder = replace(node(1, ArtifactKind.DATASET_VERSION), indexed=indexed)
    assert in_words(relation, holder).startswith(said)


def test_what_a_corpus_holds_is_exposed_by_the_product_that_answers_from_it() -> None:
    snapshot = Snapshot(
        nodes=(
            node(0, ArtifactKind.SEGMENT),
            node(1, ArtifactKind.RETRIEVAL_CORPUS),
            node(2, ArtifactKind.PRODUCT),
            node(3, ArtifactKind.PRODUCT),
        ),
        edges=(edge(0, 1, Relation.PART_OF), edge(1, 2, Relation.RETRIEVES_FROM)),
    )
    reached = trace(snapshot, [0]).reached
    assert set(reached) == {0, 1, 2}
    assert (reached[2].influence, reached[2].certainty) == ((Influence.EXPOSURE,), "certain")


@pytest.mark.parametrize(
    "relation", [Relation.ADAPTER_OF, Relation.MERGED_FROM, Relation.QUANTIZED_FROM]
)
def test_a_model_made_of_another_has_its_influence_and_no_more(relation: Relation) -> None:
    nodes = tuple(node(i) for i in range(3))
    trained, judged = (
        trace(Snapshot(nodes=nodes, edges=(edge(0, 1, first), edge(1, 2, relation))), [0]).reached
        for first in (Relation.TRAINED_ON, Relation.EVALUATED_ON)
    )
    assert trained[2].influence == (Influence.WEIGHTS,)
    assert judged[2].influence == (Influence.SELECTION,)


#: Kind of a dataset, and the edge that leads into it from another dataset.
INTO = [
    (ArtifactKind.SOURCE, Relation.DERIVED_FROM),
    (ArtifactKind.DATASET_VERSION, Relation.DERIVED_FROM),
    (ArtifactKind.DATASET_VERSION, Relation.EXTRACTED_FROM),
    (ArtifactKind.RETRIEVAL_CORPUS, Relation.DERIVED_FROM),
    (ArtifactKind.EVALUATION_SET, Relation.DERIVED_FROM),
    (ArtifactKind.LOG, Relation.LOGGED_IN),
    (ArtifactKind.CACHE, Relation.CACHED_IN),
]


@pytest.mark.parametrize(("kind", "relation"), INTO)
@pytest.mark.parametrize("indexed", [True, False])
def test_a_holder_of_rows_answers_for_itself_once_its_rows_were_read(
    kind: ArtifactKind, relation: Relation, *, indexed: bool
) -> None:
    holder = replace(node(1, kind), indexed=indexed)
    snapshot = Snapshot(nodes=(node(0), holder), edges=(edge(0, 1, relation),))
    reached = trace(snapshot, [0]).reached
    assert {n: reach.certainty for n, reach in reached.items() if n} == (
        {} if indexed else {1: "possible"}
    )


def test_every_holder_of_rows_is_asked_by_its_index() -> None:
    assert {kind for kind, _ in INTO} == ROW_HOLDERS
    blocked = {r for r, rule in PROPAGATION.items() if rule.blocked_by == "record_index"}
    assert {relation for _, relation in INTO} == blocked


def test_a_record_index_of_a_log_does_not_answer_for_what_is_part_of_it() -> None:
    log = replace(node(1, ArtifactKind.LOG), indexed=True)
    snapshot = Snapshot(nodes=(node(0), log), edges=(edge(0, 1, Relation.PART_OF),))
    assert trace(snapshot, [0]).reached[1].certainty == "certain"


def test_a_recipients_copy_holds_the_records_for_certain() -> None:
    snapshot = Snapshot(
        nodes=(node(0), node(1, ArtifactKind.RECIPIENT)), edges=(edge(0, 1, Relation.COPIED_TO),)
    )
    reach = trace(snapshot, [0]).reached[1]
    assert (reach.influence, reach.certainty) == ((Influence.CONTENT,), "certain")


def test_through_synthetic_rows_influence_is_only_possible() -> None:
    snapshot = Snapshot(
        nodes=(
            node(0, ArtifactKind.DATASET_VERSION),
            node(1),
            node(2, ArtifactKind.SYNTHETIC_DATASET),
            node(3),
        ),
        edges=(edge(0, 1), edge(1, 2, Relation.SYNTHESIZED_BY), edge(2, 3)),
    )
    found = trace(snapshot, [0]).reached
    assert [(reach.influence, reach.certainty) for reach in found.values()] == [
        ((Influence.CONTENT,), "certain"),
        ((Influence.WEIGHTS,), "certain"),
        ((Influence.CONTENT,), "possible"),
        ((Influence.WEIGHTS,), "possible"),
    ]


def test_a_model_that_read_real_and_synthetic_rows_is_certain_by_the_real_ones() -> None:
    snapshot = Snapshot(
        nodes=tuple(node(i) for i in range(4)),
        edges=(edge(0, 1), edge(1, 2, Relation.SYNTHESIZED_BY), edge(2, 3), edge(0, 3)),
    )
    reach = trace(snapshot, [0]).reached[3]
    assert (reach.path, reach.rank, reach.certainty) == ((0, 3), 3, "certain")


def test_a_student_inherits_the_weights_of_its_teacher() -> None:
    snapshot = Snapshot(
        nodes=(node(0), node(1), node(2, ArtifactKind.DISTILLED)),
        edges=(edge(0, 1), edge(1, 2, Relation.DISTILLED_FROM)),
    )
    reach = trace(snapshot, [0]).reached[2]
    assert (reach.influence, reach.certainty) == ((Influence.WEIGHTS,), "certain")


def test_a_superseded_model_is_listed_only_while_a_product_serves_it() -> None:
    nodes = (
        node(0, ArtifactKind.SEGMENT),
        node(1, state="superseded"),
        node(2, ArtifactKind.PRODUCT),
    )
    served = Snapshot(nodes=nodes, edges=(edge(0, 1), edge(1, 2, Relation.DEPLOYED_AS)))
    unserved = Snapshot(nodes=nodes, edges=(edge(0, 1),))
    listed = [
        [item.node.id for item in _impact(snapshot).affected] for snapshot in (served, unserved)
    ]
    assert listed == [[0, 1, 2], [0]]


def test_retraining_ends_the_influence_and_unlearning_leaves_it_possible() -> None:
    snapshot = Snapshot(
        nodes=(
            node(0, ArtifactKind.SEGMENT, "destroyed"),
            node(1, state="superseded"),
            node(2),
            node(3),
        ),
        edges=(
            edge(0, 1),
            edge(1, 2, Relation.RETRAINED_FROM),
            edge(1, 3, Relation.UNLEARNED_FROM),
        ),
    )
    affected = _impact(snapshot).affected
    assert [(a.node.id, a.certainty, a.influence) for a in affected] == [
        (3, "possible", (Influence.WEIGHTS,))
    ]


def test_a_source_that_the_graph_does_not_hold_makes_the_answer_incomplete() -> None:
    snapshot = Snapshot(nodes=(node(0),), edges=())
    impact = _impact(snapshot, [0, 77])
    assert not impact.complete
    assert "77" in impact.reasons[0]


def test_a_trace_says_how_many_data_sets_it_looked_into() -> None:
    read = [
        node(0, ArtifactKind.SEGMENT),
        node(1, ArtifactKind.DATASET_VERSION),
        node(2, ArtifactKind.DATASET_VERSION, "superseded"),
        node(3, ArtifactKind.CACHE),
        node(4, ArtifactKind.MODEL),
    ]
    unread = node(5, ArtifactKind.LOG)
    nodes = (*(replace(each, indexed=True) for each in read), unread)
    assert _impact(Snapshot(nodes=nodes, edges=())).datasets_examined == 2


def _impact(snapshot: Snapshot, sources: Collection[int] = (0,)) -> Impact:
    answer = answer_trace(
        graph=StandingGraph.of(GraphImage.of(snapshot)),
        sources=sources,
        records=(),
        found_gaps=(),
    )
    return answer.impact({each.id: (each.name, each.digest) for each in snapshot.nodes})
