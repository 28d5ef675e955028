"""Each gap rule, and for whom a gap matters."""

from lineage.gaps import Knowledge, KnownActivity, KnownArtifact, find_gaps
from lineage.graph import ArtifactKind, Edge, Node, Relation


def artifact(  # noqa: PLR0913 - every property a rule asks of, by name
    number: int,
    kind: ArtifactKind,
    *,
    state: str = "current",
    indexed: bool = False,
    placeholder: bool = False,
    missing_run: str = "",
    missing_models: tuple[str, ...] = (),
) -> KnownArtifact:
    return KnownArtifact(
        node=Node(id=number, kind=kind, name=f"n{number}", state=state, indexed=indexed),
        placeholder=placeholder,
        missing_run=missing_run,
        missing_models=missing_models,
    )


def rules(*artifacts: KnownArtifact, edges: tuple[Edge, ...] = ()) -> list[tuple[str, str]]:
    found = find_gaps(Knowledge(artifacts=artifacts, edges=edges))
    return [(item.gap.rule, item.gap.artifact) for item in found]


def edge(upstream: int, downstream: int, relation: Relation) -> Edge:
    return Edge(upstream=upstream, downstream=downstream, relation=relation)


MODEL = ArtifactKind.CHECKPOINT
DATA = ArtifactKind.DATASET_VERSION
PRODUCT = ArtifactKind.PRODUCT


def test_a_graph_that_knows_everything_has_no_gap() -> None:
    known = (artifact(1, DATA, indexed=True), artifact(2, MODEL), artifact(3, PRODUCT))
    edges = (edge(1, 2, Relation.TRAINED_ON), edge(2, 3, Relation.DEPLOYED_AS))
    assert rules(*known, edges=edges) == []


def test_an_evaluation_alone_does_not_tell_what_a_model_was_trained_on() -> None:
    known = (artifact(1, DATA, indexed=True), artifact(2, MODEL))
    assert rules(*known, edges=(edge(1, 2, Relation.EVALUATED_ON),)) == [
        ("model_without_training_input", "n2")
    ]


def test_a_superseded_model_matters_only_while_it_is_served() -> None:
    old = artifact(2, MODEL, state="superseded")
    assert rules(old) == []
    served = (edge(2, 3, Relation.DEPLOYED_AS),)
    assert rules(old, artifact(3, PRODUCT), edges=served) == [
        ("model_without_training_input", "n2")
    ]


def test_a_base_model_that_nobody_showed_is_a_gap_unless_it_was_replaced() -> None:
    base = artifact(1, MODEL, placeholder=True)
    tuned = artifact(2, ArtifactKind.FINE_TUNE)
    data = artifact(3, DATA, indexed=True)
    trained = edge(3, 2, Relation.TRAINED_ON)
    assert rules(base, tuned, data, edges=(trained, edge(1, 2, Relation.FINE_TUNED_FROM))) == [
        ("base_model_unresolved", "n1")
    ]
    assert rules(base, tuned, data, edges=(trained, edge(1, 2, Relation.RETRAINED_FROM))) == []


def test_a_dataset_without_index_is_a_gap_while_it_is_current() -> None:
    assert rules(artifact(1, DATA)) == [("dataset_without_subject_index", "n1")]
    assert rules(artifact(1, DATA, state="superseded")) == []
    assert rules(artifact(1, DATA, placeholder=True)) == []


def test_a_product_with_nothing_or_too_little_behind_it_is_a_gap() -> None:
    assert rules(artifact(1, PRODUCT)) == [("product_without_model", "n1")]
    known = (artifact(1, DATA, indexed=True), artifact(2, MODEL))
    edges = (edge(1, 2, Relation.TRAINED_ON), edge(2, 3, Relation.DEPLOYED_AS))
    lost = artifact(3, PRODUCT, missing_models=("index",))
    assert rules(*known, lost, edges=edges) == [("product_without_model", "n3")]


def test_an_unfinished_run_hides_something_only_from_traces_that_reach_what_it_read() -> None:
    activity = KnownActivity(name="nightly", ended=False, used=(5,))
    (found,) = find_gaps(Knowledge(artifacts=(), edges=(), activities=(activity,)))
    assert found.gap.rule == "run_without_end"
    assert found.may_hide({5, 6})
    assert not found.may_hide({6})


def test_an_unfinished_run_that_named_no_input_may_hide_something_from_every_trace() -> None:
    activity = KnownActivity(name="nightly", ended=False)
    (found,) = find_gaps(Knowledge(artifacts=(), edges=(), activities=(activity,)))
    assert found.may_hide(set())
