"""Each gap rule, and for whom a gap matters."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from lineage.gaps import RULE_NAMES, LaterUse, find_gaps
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
from tests.lineage.knowing import KnownActivity, KnownArtifact, knowledge_of


def artifact(  # noqa: PLR0913 - every property a rule asks of, by name
    number: int,
    kind: ArtifactKind,
    *,
    state: str = "current",
    indexed: bool = False,
    placeholder: bool = False,
    missing_run: str = "",
    missing_models: tuple[str, ...] = (),
    endpoints: tuple[str, ...] = (),
    contact: str = "",
    unreadable_copies: bool = False,
    made_by: str = "",
    other_digests: tuple[str, ...] = (),
    unseen_since: datetime | None = None,
    later_use: LaterUse | None = None,
) -> KnownArtifact:
    return KnownArtifact(
        node=Node(id=number, kind=kind, name=f"n{number}", state=state, indexed=indexed),
        placeholder=placeholder,
        missing_run=missing_run,
        missing_models=missing_models,
        endpoints=endpoints,
        contact=contact,
        unreadable_copies=unreadable_copies,
        made_by=made_by,
        other_digests=other_digests,
        unseen_since=unseen_since,
        later_use=later_use,
    )


def rules(*artifacts: KnownArtifact, edges: tuple[Edge, ...] = ()) -> list[tuple[str, str]]:
    found = find_gaps(knowledge_of(artifacts, edges))
    assert {item.gap.rule for item in found} <= set(RULE_NAMES)
    return [(item.gap.rule, item.gap.artifact) for item in found]


def edge(upstream: int, downstream: int, relation: Relation) -> Edge:
    return Edge(upstream=upstream, downstream=downstream, relation=relation)


MODEL = ArtifactKind.MODEL
DATA = ArtifactKind.DATASET_VERSION
PRODUCT = ArtifactKind.PRODUCT
RECIPIENT = ArtifactKind.RECIPIENT
SYNTHETIC = ArtifactKind.SYNTHETIC_DATASET


def test_a_graph_that_knows_everything_has_no_gap() -> None:
    known = (artifact(1, DATA, indexed=True), artifact(2, MODEL), artifact(3, PRODUCT))
    edges = (edge(1, 2, Relation.TRAINED_ON), edge(2, 3, Relation.DEPLOYED_AS))
    assert rules(*known, edges=edges) == []


def test_an_evaluation_alone_does_not_tell_what_a_model_was_trained_on() -> None:
    known = (artifact(1, DATA, indexed=True), artifact(2, MODEL))
    assert rules(*known, edges=(edge(1, 2, Relation.EVALUATED_ON),)) == [
        ("model_without_training_input", "n2")
    ]


PAST = ("superseded", "destroyed")


@pytest.mark.parametrize("state", PAST)
@pytest.mark.parametrize(
    "relation", [r for r, rule in PROPAGATION.items() if rule.influence is not None]
)
def test_a_past_model_matters_as_long_as_something_in_use_came_from_it(
    state: str, relation: Relation
) -> None:
    old = artifact(2, MODEL, state=state)
    assert rules(old) == []
    made = artifact(3, ArtifactKind.RECIPIENT, contact="mailto:a@b.org")
    known = (old, made, artifact(4, DATA, indexed=True))
    edges = (edge(2, 3, relation), edge(4, 3, Relation.COPIED_TO))
    assert rules(*known, edges=edges) == [("model_without_training_input", "n2")]


@pytest.mark.parametrize("state", PAST)
def test_an_unknown_base_is_a_gap_through_any_number_of_past_models(state: str) -> None:
    data = artifact(1, DATA, indexed=True)
    known = (
        data,
        artifact(2, MODEL, state="destroyed"),
        artifact(3, ArtifactKind.FINE_TUNE, state=state),
        artifact(4, ArtifactKind.DISTILLED),
    )
    edges = (
        edge(2, 3, Relation.FINE_TUNED_FROM),
        edge(3, 4, Relation.DISTILLED_FROM),
        edge(1, 3, Relation.TRAINED_ON),
        edge(1, 4, Relation.TRAINED_ON),
    )
    assert rules(*known, edges=edges) == [("model_without_training_input", "n2")]
    gone = artifact(4, ArtifactKind.DISTILLED, state="superseded")
    assert rules(*known[:3], gone, edges=edges) == []


@pytest.mark.parametrize("state", PAST)
@pytest.mark.parametrize(
    "relation", [r for r, rule in PROPAGATION.items() if rule.influence is None]
)
def test_what_was_only_replaced_hides_nothing_of_what_took_its_place(
    state: str, relation: Relation
) -> None:
    data, new = artifact(1, DATA, indexed=True), artifact(3, MODEL)
    edges = (edge(1, 3, Relation.TRAINED_ON), edge(2, 3, relation))
    assert rules(data, artifact(2, MODEL, state=state), new, edges=edges) == []
    assert rules(data, artifact(2, DATA, state=state), new, edges=edges) == []


def test_a_base_model_that_nobody_showed_is_a_gap_unless_it_was_replaced() -> None:
    base = artifact(1, MODEL, placeholder=True)
    tuned = artifact(2, ArtifactKind.FINE_TUNE)
    data = artifact(3, DATA, indexed=True)
    trained = edge(3, 2, Relation.TRAINED_ON)
    assert rules(base, tuned, data, edges=(trained, edge(1, 2, Relation.FINE_TUNED_FROM))) == [
        ("base_model_unresolved", "n1")
    ]
    model = artifact(2, MODEL)
    assert rules(base, model, data, edges=(trained, edge(1, 2, Relation.RETRAINED_FROM))) == []


@pytest.mark.parametrize("kind", sorted(ROW_HOLDERS))
def test_a_holder_of_rows_without_index_is_a_gap_while_it_is_in_use(kind: ArtifactKind) -> None:
    gap = [("dataset_without_subject_index", "n1")]
    assert rules(artifact(1, kind)) == gap
    model, trained = artifact(2, MODEL), (edge(1, 2, Relation.TRAINED_ON),)
    for state in PAST:
        unread, read = (artifact(1, kind, state=state, indexed=known) for known in (False, True))
        assert rules(unread) == []
        assert rules(unread, model, edges=trained) == gap
        assert rules(read, model, edges=trained) == []
        assert rules(unread, artifact(2, MODEL, state=state), edges=trained) == []


@pytest.mark.parametrize("kind", sorted(ROW_HOLDERS))
def test_a_mere_mention_of_a_dataset_is_a_gap_once_something_in_use_came_from_it(
    kind: ArtifactKind,
) -> None:
    mentioned, trained = artifact(1, kind, placeholder=True), (edge(1, 2, Relation.TRAINED_ON),)
    assert rules(mentioned) == []
    assert rules(mentioned, artifact(2, MODEL, state="destroyed"), edges=trained) == []
    assert rules(mentioned, artifact(2, MODEL), edges=trained) == [
        ("dataset_without_subject_index", "n1")
    ]


def test_rows_that_are_gone_unread_cannot_be_asked_for() -> None:
    known = (artifact(1, DATA, state="destroyed"), artifact(2, MODEL))
    trained = (edge(1, 2, Relation.TRAINED_ON),)
    (found,) = find_gaps(knowledge_of(known, trained))
    assert found.may_hide(())
    assert "Its rows are gone" in found.gap.remedy


@pytest.mark.parametrize("kind", sorted(MODELS - RECAST))
def test_anything_trained_needs_a_training_input_while_it_is_current(kind: ArtifactKind) -> None:
    assert ("model_without_training_input", "n1") in rules(artifact(1, kind))
    for state in PAST:
        assert rules(artifact(1, kind, state=state)) == []


#: Kinds that are made of another model, with the edge that says so and the rule that misses it.
MADE_OF = [
    (ArtifactKind.FINE_TUNE, Relation.FINE_TUNED_FROM, "fine_tune_without_base"),
    (ArtifactKind.ADAPTER, Relation.ADAPTER_OF, "adapter_without_base"),
    (ArtifactKind.DISTILLED, Relation.DISTILLED_FROM, "distilled_without_teacher"),
    (ArtifactKind.QUANTIZED, Relation.QUANTIZED_FROM, "quantized_without_source"),
]


@pytest.mark.parametrize(("kind", "relation", "rule"), MADE_OF)
def test_what_is_made_of_a_model_names_it(
    kind: ArtifactKind, relation: Relation, rule: str
) -> None:
    known = (artifact(1, DATA, indexed=True), artifact(2, MODEL), artifact(3, kind))
    edges = (edge(1, 2, Relation.TRAINED_ON), edge(1, 3, Relation.TRAINED_ON))
    assert rules(*known, edges=edges) == [(rule, "n3")]
    assert rules(*known, edges=(*edges, edge(2, 3, relation))) == []
    assert rules(*known, edges=(*edges, edge(2, 3, Relation.UNLEARNED_FROM))) == []
    mentioned = artifact(3, kind, placeholder=True)
    assert rules(*known[:2], mentioned, edges=edges) == []


def test_a_merge_names_at_least_two_models_and_needs_no_dataset_of_its_own() -> None:
    known = (
        artifact(1, DATA, indexed=True),
        artifact(2, MODEL),
        artifact(3, MODEL),
        artifact(4, ArtifactKind.MERGED),
    )
    trained = (edge(1, 2, Relation.TRAINED_ON), edge(1, 3, Relation.TRAINED_ON))
    merged = tuple(edge(source, 4, Relation.MERGED_FROM) for source in (2, 3))
    for named in (0, 1):
        assert rules(*known, edges=(*trained, *merged[:named])) == [("merged_from_too_few", "n4")]
    assert rules(*known, edges=(*trained, *merged)) == []


@pytest.mark.parametrize("kind", [ArtifactKind.ADAPTER, ArtifactKind.MERGED])
def test_a_model_whose_run_is_lost_says_so_when_it_does_not_name_its_sources(
    kind: ArtifactKind,
) -> None:
    data, read = artifact(1, DATA, indexed=True), (edge(1, 2, Relation.TRAINED_ON),)
    (found,) = find_gaps(knowledge_of((data, artifact(2, kind, missing_run="r-9")), read))
    assert "Its run r-9 cannot be read." in found.gap.hides


@pytest.mark.parametrize("kind", [ArtifactKind.ADAPTER, ArtifactKind.REWARD_MODEL])
def test_an_adapter_or_reward_model_needs_its_dataset_whatever_it_is_laid_over(
    kind: ArtifactKind,
) -> None:
    known = (artifact(1, DATA, indexed=True), artifact(2, MODEL), artifact(3, kind))
    edges = (edge(1, 2, Relation.TRAINED_ON), edge(2, 3, Relation.ADAPTER_OF))
    assert rules(*known, edges=edges) == [("model_without_training_input", "n3")]


def test_a_checkpoint_of_no_known_run_cannot_be_dated() -> None:
    data, saved = artifact(1, DATA, indexed=True), (edge(1, 2, Relation.TRAINED_ON),)
    checkpoint = artifact(2, ArtifactKind.CHECKPOINT)
    (found,) = find_gaps(knowledge_of((data, checkpoint), saved))
    assert (found.gap.rule, found.gap.severity) == ("checkpoint_without_run", "low")
    known = artifact(2, ArtifactKind.CHECKPOINT, made_by="mlflow_run:r")
    assert rules(data, known, edges=saved) == []


def test_a_segment_needs_a_dataset_in_use_that_reads_it() -> None:
    segment = artifact(1, ArtifactKind.SEGMENT)
    gap = [("segment_without_reader", "n1")]
    part = (edge(1, 2, Relation.PART_OF),)
    assert rules(segment) == gap
    assert rules(artifact(1, ArtifactKind.SEGMENT, state="destroyed")) == []
    assert rules(segment, artifact(2, DATA, indexed=True), edges=part) == []
    past = artifact(2, DATA, indexed=True, state="superseded")
    assert rules(segment, past, edges=part) == gap
    edges = (*part, edge(2, 3, Relation.TRAINED_ON))
    assert rules(segment, past, artifact(3, MODEL), edges=edges) == []


@pytest.mark.parametrize("kind", [DATA, MODEL])
def test_content_that_changed_under_one_identity_is_unknown_while_it_is_in_use(
    kind: ArtifactKind,
) -> None:
    rows = artifact(1, DATA, indexed=True)
    changed = artifact(2, kind, indexed=True, other_digests=("sha256:2",))
    made = (edge(1, 2, Relation.TRAINED_ON),)
    (found,) = find_gaps(knowledge_of((rows, changed), made))
    assert found.gap.rule == "digest_changed"
    assert found.may_hide(())
    gone = artifact(2, kind, indexed=True, other_digests=("sha256:2",), state="destroyed")
    assert rules(rows, gone, edges=made) == []


@pytest.mark.parametrize(
    ("kind", "run", "said", "remedy"),
    [
        (DATA, "nightly", "the run nightly used it later, on 2026-11-01", "OpenLineage event"),
        (MODEL, "", "something was made from it later, on 2026-11-01", "a model of its own"),
    ],
)
def test_what_was_used_after_its_destruction_is_a_gap_for_whoever_it_concerned(
    kind: ArtifactKind, run: str, said: str, remedy: str
) -> None:
    use = LaterUse(at=datetime(2026, 11, 1, tzinfo=UTC), run=run)
    gone = artifact(1, kind, state="destroyed", later_use=use)
    (found,) = find_gaps(knowledge_of((gone, artifact(2, DATA, indexed=True))))
    assert (found.gap.rule, found.gap.severity) == ("used_after_destruction", "high")
    assert said in found.gap.hides
    assert remedy in found.gap.remedy
    assert found.may_hide({1})
    assert not found.may_hide({2})


def test_what_its_source_shows_no_longer_is_a_gap_that_hides_nothing() -> None:
    seen = datetime(2026, 11, 1, tzinfo=UTC)
    (found,) = find_gaps(knowledge_of((artifact(1, DATA, indexed=True, unseen_since=seen),)))
    assert (found.gap.rule, found.gap.severity) == ("artifact_unseen", "low")
    assert "2026-11-01" in found.gap.hides
    past = artifact(1, DATA, indexed=True, unseen_since=seen, state="superseded")
    assert rules(past) == []


def test_names_are_asked_once_and_only_for_suspects() -> None:
    asked: list[list[int]] = []
    known = (artifact(5, MODEL), artifact(3, PRODUCT), artifact(4, DATA, indexed=True))

    def names(ids: Sequence[int]) -> list[str]:
        asked.append(list(ids))
        return [f"number {node}" for node in ids]

    found = find_gaps(replace(knowledge_of(known), names=names))
    assert asked == [[3, 5]]
    assert [(one.about, one.gap.artifact) for one in found] == [(5, "number 5"), (3, "number 3")]


def test_an_edge_to_a_node_that_is_not_given_is_refused() -> None:
    with pytest.raises(ValueError, match="node 9"):
        knowledge_of((artifact(1, DATA),), (edge(1, 9, Relation.TRAINED_ON),))


def test_a_teacher_does_not_tell_which_rows_its_student_read() -> None:
    data, teacher = artifact(1, DATA, indexed=True), artifact(2, MODEL)
    student = artifact(3, ArtifactKind.DISTILLED)
    edges = (edge(1, 2, Relation.TRAINED_ON), edge(2, 3, Relation.DISTILLED_FROM))
    assert rules(data, teacher, student, edges=edges) == [("model_without_training_input", "n3")]


def test_a_synthetic_dataset_needs_a_generator_and_no_record_index() -> None:
    data, generator = artifact(1, DATA, indexed=True), artifact(2, MODEL)
    trained = edge(1, 2, Relation.TRAINED_ON)
    sampled = edge(2, 3, Relation.SYNTHESIZED_BY)
    known = (data, generator, artifact(3, SYNTHETIC))
    assert rules(*known, edges=(trained,)) == [("synthetic_without_generator", "n3")]
    assert rules(*known, edges=(trained, sampled)) == []


@pytest.mark.parametrize("state", PAST)
def test_a_past_synthetic_dataset_needs_a_generator_while_a_model_of_it_is_in_use(
    state: str,
) -> None:
    past = artifact(3, SYNTHETIC, state=state)
    assert rules(past) == []
    trained = (edge(3, 4, Relation.TRAINED_ON),)
    assert rules(past, artifact(4, MODEL), edges=trained) == [("synthetic_without_generator", "n3")]
    assert rules(past, artifact(4, MODEL, state="destroyed"), edges=trained) == []


@pytest.mark.parametrize("state", ["current", *PAST])
def test_a_generator_that_nobody_showed_is_a_gap_while_its_samples_are_in_use(state: str) -> None:
    sampled = (edge(2, 3, Relation.SYNTHESIZED_BY),)
    mentioned = artifact(2, MODEL, placeholder=True, state=state)
    assert rules(mentioned, artifact(3, SYNTHETIC), edges=sampled) == [
        ("base_model_unresolved", "n2")
    ]
    assert rules(mentioned, artifact(3, SYNTHETIC, state="destroyed"), edges=sampled) == []


def test_a_recipient_needs_a_source_and_a_contact_and_no_record_index() -> None:
    data, copied = artifact(1, DATA, indexed=True), (edge(1, 2, Relation.COPIED_TO),)
    assert rules(data, artifact(2, RECIPIENT, contact="mailto:a@b.org"), edges=copied) == []
    assert rules(data, artifact(2, RECIPIENT), edges=copied) == [
        ("recipient_without_contact", "n2")
    ]
    assert rules(artifact(2, RECIPIENT, contact="mailto:a@b.org")) == [
        ("recipient_without_source", "n2")
    ]
    assert rules(artifact(2, RECIPIENT, state="destroyed")) == []


def test_that_nobody_can_be_told_hides_no_artifact_from_a_trace() -> None:
    copied = (edge(1, 2, Relation.COPIED_TO),)
    known = (artifact(1, DATA, indexed=True), artifact(2, RECIPIENT))
    (found,) = find_gaps(knowledge_of(known, copied))
    assert found.gap.severity == "low"
    assert not found.may_hide({1, 2})


def test_copies_at_unreadable_places_matter_to_traces_that_reach_their_original() -> None:
    known = (artifact(1, DATA, indexed=True, unreadable_copies=True),)
    (found,) = find_gaps(knowledge_of(known))
    assert found.gap.rule == "copies_unreadable"
    assert found.may_hide({1})
    assert not found.may_hide({2})
    past = artifact(1, DATA, indexed=True, unreadable_copies=True, state="destroyed")
    assert rules(past) == []
    trained = (edge(1, 2, Relation.TRAINED_ON),)
    assert rules(past, artifact(2, MODEL), edges=trained) == [("copies_unreadable", "n1")]


def test_a_product_with_nothing_or_too_little_behind_it_is_a_gap() -> None:
    assert rules(artifact(1, PRODUCT)) == [("product_without_model", "n1")]
    known = (artifact(1, DATA, indexed=True), artifact(2, MODEL))
    edges = (edge(1, 2, Relation.TRAINED_ON), edge(2, 3, Relation.DEPLOYED_AS))
    lost = artifact(3, PRODUCT, missing_models=("index",))
    assert rules(*known, lost, edges=edges) == [("product_without_model", "n3")]


def test_a_product_with_two_endpoints_is_a_gap_for_traces_that_reach_it() -> None:
    edges = (edge(1, 2, Relation.TRAINED_ON), edge(2, 3, Relation.DEPLOYED_AS))
    places = ("http://one.example", "http://two.example")
    for given in (places[:1], places):
        known = (
            artifact(1, DATA, indexed=True),
            artifact(2, MODEL),
            artifact(3, PRODUCT, endpoints=given),
        )
        found = find_gaps(knowledge_of(known, edges))
        assert [item.gap.rule for item in found] == ["product_at_many_endpoints"] * (len(given) - 1)
    assert all(place in found[0].gap.hides for place in places)
    assert found[0].may_hide({3})
    assert not found[0].may_hide({1})


def test_an_unfinished_run_hides_something_only_from_traces_that_reach_what_it_read() -> None:
    activity = KnownActivity(name="nightly", ended=False, used=(5,))
    (found,) = find_gaps(knowledge_of((), (), (activity,)))
    assert found.gap.rule == "run_without_end"
    assert found.may_hide({5, 6})
    assert not found.may_hide({6})


def test_an_unfinished_run_that_named_no_input_may_hide_something_from_every_trace() -> None:
    activity = KnownActivity(name="nightly", ended=False)
    (found,) = find_gaps(knowledge_of((), (), (activity,)))
    assert found.may_hide(set())
