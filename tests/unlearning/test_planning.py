"""A plan covers every affected artifact, in an order that can be worked off."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.graph import ArtifactKind, Influence
from unlearning.methods import METHODS
from unlearning.planning import (
    PlannedSteps,
    PlanningArtifact,
    PlanningInput,
    SynthesisSummary,
    TrainingSummary,
    plan,
)

WEIGHTS, CONTENT = (Influence.WEIGHTS,), (Influence.CONTENT,)
summaries = st.none() | st.builds(
    TrainingSummary,
    recipe=st.sampled_from(["", "company.recipes:train"]),
    seconds=st.none() | st.floats(0.1, 1e4),
    n_shards=st.integers(1, 8),
)
syntheses = st.none() | st.builds(
    SynthesisSummary,
    recipe=st.sampled_from(["", "company.synthesis:sample"]),
    policy=st.sampled_from(["regenerate", "delete"]),
    generator=st.integers(0, 12),
)


@st.composite
def inputs(draw: st.DrawFn) -> PlanningInput:
    count = draw(st.integers(0, 12))
    artifacts = []
    for number in range(count):
        earlier = st.lists(st.integers(0, max(number - 1, 0)), max_size=2, unique=True)
        artifacts.append(
            PlanningArtifact(
                id=number,
                kind=draw(st.sampled_from(ArtifactKind)),
                name=f"artifact {number}",
                influence=tuple(draw(st.sets(st.sampled_from(Influence), min_size=1))),
                rank=number,
                training=draw(summaries),
                base_models=tuple(draw(earlier)) if number else (),
                ancestors=tuple(draw(earlier)) if number else (),
                unrepeatable=draw(st.sampled_from(["", "its base is not recorded"])),
                synthesis=draw(syntheses),
                feeds_training=draw(st.booleans()),
                reachable=draw(st.booleans()),
                dataset_versions=tuple(draw(st.lists(st.integers(0, count), max_size=2))),
                tags=draw(st.sampled_from([{}, {"vestige.policy": "approximate_allowed"}])),
            )
        )
    return PlanningInput(artifacts=tuple(draw(st.permutations(artifacts))))


@given(request=inputs())
def test_every_affected_artifact_is_covered_or_listed_with_a_reason(request: PlanningInput) -> None:
    planned = plan(request)

    treated = [step.artifact for step in planned.steps]
    covered = {name for step in planned.steps for name in step.covers}
    left = [item.artifact for item in planned.uncovered]
    assert {*treated, *covered, *left} == {artifact.id for artifact in request.artifacts}
    assert len(treated) == len(set(treated))
    assert covered.isdisjoint(treated)
    assert set(left).isdisjoint({*treated, *covered})
    assert all(item.reason for item in planned.uncovered)


@given(request=inputs())
def test_steps_can_be_worked_off_in_order_by_methods_that_treat_the_kind(
    request: PlanningInput,
) -> None:
    planned = plan(request)

    kinds = {artifact.id: artifact.kind for artifact in request.artifacts}
    assert [step.ordinal for step in planned.steps] == list(range(1, len(planned.steps) + 1))
    for step in planned.steps:
        assert all(other < step.ordinal for other in step.depends_on)
        assert kinds[step.artifact] in METHODS[step.method].treats
        assert step.guarantee_class == METHODS[step.method].guarantee_class


@given(request=inputs())
def test_nothing_is_made_anew_before_what_it_was_made_from(request: PlanningInput) -> None:
    planned = plan(request)

    artifacts = {artifact.id: artifact for artifact in request.artifacts}
    steps = {step.artifact: step for step in planned.steps}
    made_anew = {step.artifact for step in planned.steps if step.method in MAKING}
    for step in planned.steps:
        if step.artifact in made_anew:
            wanted = {
                steps[a].ordinal for a in artifacts[step.artifact].ancestors if a in made_anew
            }
            assert wanted <= set(step.depends_on)
        if step.method == "artifact_destruction":
            assert {steps[artifact].ordinal for artifact in made_anew} <= set(step.depends_on)
        if step.method == "source_row_deletion":
            before = {s.ordinal for s in planned.steps if s.method not in LAST}
            assert before == set(step.depends_on)
        if step.method == "recipient_notice":
            waits = {s.method for s in planned.steps if s.ordinal in step.depends_on}
            assert waits <= {"output_suppression"}


MAKING = {
    "sisa_shard_retrain",
    "retrain_from_clean_ancestor",
    "negative_gradient_repair",
    "synthetic_regeneration",
}
#: What no deletion of source rows waits for.
LAST = {"source_row_deletion", "recipient_notice"}


@given(request=inputs())
def test_the_same_artifacts_in_another_order_give_the_same_plan(request: PlanningInput) -> None:
    backwards = PlanningInput(artifacts=request.artifacts[::-1])

    assert plan(backwards).steps == plan(request).steps


def affected(
    number: int, kind: ArtifactKind, influence: tuple[Influence, ...], rank: int
) -> PlanningArtifact:
    return PlanningArtifact(id=number, kind=kind, name=str(number), influence=influence, rank=rank)


def trained(seconds: float, shards: int = 1) -> TrainingSummary:
    return TrainingSummary(recipe="company:train", seconds=seconds, n_shards=shards)


def company() -> PlannedSteps:
    sisa, monolithic = (affected(n, ArtifactKind.MODEL, WEIGHTS, 2) for n in (3, 4))
    allowed = {"vestige.policy": "approximate_allowed"}
    return plan(
        PlanningInput(
            artifacts=(
                replace(affected(1, ArtifactKind.SEGMENT, CONTENT, 0), dataset_versions=(2,)),
                affected(2, ArtifactKind.DATASET_VERSION, CONTENT, 1),
                replace(sisa, training=trained(8.0, 4)),
                replace(monolithic, training=trained(10.0), tags=allowed),
                replace(
                    affected(5, ArtifactKind.FINE_TUNE, WEIGHTS, 3),
                    training=trained(3.0),
                    base_models=(4,),
                ),
                affected(6, ArtifactKind.EMBEDDING_INDEX, CONTENT, 3),
                affected(7, ArtifactKind.PRODUCT, (Influence.EXPOSURE,), 4),
            )
        )
    )


def test_the_company_gets_one_step_an_artifact() -> None:
    planned = company()

    assert [(step.artifact, step.method, step.cost_seconds) for step in planned.steps] == [
        (7, "output_suppression", 2.0),
        (3, "sisa_shard_retrain", 2.0),
        (4, "negative_gradient_repair", 2.0),
        (5, "retrain_from_clean_ancestor", 13.0),
        (6, "vector_removal", 2.0),
        (2, "source_row_deletion", 2.0),
    ]
    assert planned.uncovered == ()
    assert planned.steps[-1].covers == (1,)
    assert planned.steps[-1].depends_on == (1, 2, 3, 4, 5)


def test_what_was_not_chosen_says_why() -> None:
    repair = company().steps[2]

    assert [(option.method, option.reason) for option in repair.alternatives] == [
        ("retrain_from_clean_ancestor", "exact, but 10.0 s; the owner's tag allows less")
    ]


def test_a_plan_names_every_place_at_which_files_change() -> None:
    places = ("file:///data/v1", "s3://bucket/v1")
    kinds = (
        ArtifactKind.DATASET_VERSION,
        ArtifactKind.CACHE,
        ArtifactKind.EMBEDDING_INDEX,
        ArtifactKind.PRODUCT,
    )
    planned = plan(
        PlanningInput(
            artifacts=tuple(
                replace(affected(number, kind, CONTENT, number), locations=places)
                for number, kind in enumerate(kinds)
            )
        )
    )

    assert {step.method: step.places for step in planned.steps} == {
        "source_row_deletion": places,
        "artifact_destruction": places,
        "vector_removal": places,
        "output_suppression": (),
    }


def test_rows_that_no_job_can_take_out_are_left_to_a_person_segments_included() -> None:
    by_hand = "its rows lie in a database"
    holder = replace(affected(2, ArtifactKind.LOG, CONTENT, 2), by_hand=by_hand)
    segment = replace(affected(1, ArtifactKind.SEGMENT, CONTENT, 1), dataset_versions=(2,))
    cache = replace(affected(3, ArtifactKind.CACHE, CONTENT, 3), by_hand=by_hand)
    inputs = (
        segment,
        holder,
        replace(cache, locations=("postgresql://shop/crm",)),
        replace(cache, id=4, locations=("file:///cache",)),
    )

    planned = plan(PlanningInput(artifacts=inputs))

    assert [(one.artifact, one.method) for one in planned.steps] == [(4, "artifact_destruction")]
    reason = f"{by_hand}; a person must delete the records there"
    assert {one.artifact: one.reason for one in planned.uncovered} == {
        1: f"it is part of {holder.name}, which a person must see to",
        2: reason,
        3: reason,
    }


def test_a_model_without_a_recipe_is_listed_and_not_forgotten() -> None:
    lonely = affected(1, ArtifactKind.MODEL, WEIGHTS, 0)

    planned = plan(PlanningInput(artifacts=(lonely,)))

    assert planned.steps == ()
    assert "recipe is not recorded" in planned.uncovered[0].reason


def synthetic(policy: str = "regenerate", recipe: str = "company:sample") -> PlanningArtifact:
    return replace(
        affected(2, ArtifactKind.SYNTHETIC_DATASET, CONTENT, 3),
        synthesis=SynthesisSummary(recipe=recipe, policy=policy, generator=1),
        ancestors=(1,),
    )


def family(dataset: PlanningArtifact, generator: TrainingSummary | None) -> PlannedSteps:
    """A generator, the dataset sampled from it, and a model trained on that."""
    allowed = {"vestige.policy": "approximate_allowed"}
    return plan(
        PlanningInput(
            artifacts=(
                replace(affected(1, ArtifactKind.MODEL, WEIGHTS, 2), training=generator),
                dataset,
                replace(
                    affected(3, ArtifactKind.MODEL, WEIGHTS, 4),
                    training=trained(4.0, 5),
                    ancestors=(2,),
                    tags=allowed,
                ),
            )
        )
    )


def test_a_synthetic_dataset_is_sampled_anew_between_its_generator_and_what_was_trained_on_it() -> (
    None
):
    planned = family(synthetic(), trained(1.0))

    # No shard and no repair: every row of the synthetic dataset is another one.
    assert [(step.artifact, step.method, step.depends_on) for step in planned.steps] == [
        (1, "retrain_from_clean_ancestor", ()),
        (2, "synthetic_regeneration", (1,)),
        (3, "retrain_from_clean_ancestor", (2,)),
    ]
    assert planned.steps[1].guarantee_class == "exact"


@pytest.mark.parametrize(
    ("dataset", "generator", "reason"),
    [
        (synthetic(policy="delete"), trained(1.0), "its owner's policy is to delete it"),
        (synthetic(recipe=""), trained(1.0), "how it was sampled is not recorded"),
        (synthetic(), None, "its generator is not made again by an exact method"),
    ],
)
def test_a_synthetic_dataset_that_cannot_be_sampled_anew_is_destroyed_with_a_reason(
    dataset: PlanningArtifact, generator: TrainingSummary | None, reason: str
) -> None:
    planned = family(dataset, generator)

    [step] = [step for step in planned.steps if step.artifact == 2]
    assert step.method == "artifact_destruction"
    assert reason in step.reason
    [left] = [item for item in planned.uncovered if item.artifact == 3]
    assert "cannot be made again" in left.reason


def test_a_fine_tune_of_a_base_without_recipe_is_listed_and_not_tried() -> None:
    base = affected(1, ArtifactKind.MODEL, WEIGHTS, 2)
    tuned = replace(
        affected(2, ArtifactKind.FINE_TUNE, WEIGHTS, 3),
        training=trained(1.0),
        base_models=(1,),
        ancestors=(1,),
    )

    planned = plan(PlanningInput(artifacts=(base, tuned)))

    assert planned.steps == ()
    assert {item.artifact for item in planned.uncovered} == {1, 2}


def test_caches_and_checkpoints_go_when_everything_is_made_anew_and_sources_last() -> None:
    planned = plan(
        PlanningInput(
            artifacts=(
                affected(1, ArtifactKind.DATASET_VERSION, CONTENT, 1),
                affected(2, ArtifactKind.EVALUATION_SET, CONTENT, 1),
                affected(3, ArtifactKind.LOG, CONTENT, 1),
                affected(4, ArtifactKind.CACHE, CONTENT, 1),
                replace(affected(5, ArtifactKind.CACHE, CONTENT, 1), feeds_training=True),
                affected(6, ArtifactKind.CHECKPOINT, WEIGHTS, 2),
                replace(affected(7, ArtifactKind.MODEL, WEIGHTS, 2), training=trained(1.0)),
                replace(affected(8, ArtifactKind.RECIPIENT, CONTENT, 2), reachable=True),
                affected(9, ArtifactKind.PRODUCT, (Influence.EXPOSURE,), 3),
                affected(10, ArtifactKind.RECIPIENT, CONTENT, 2),
            )
        )
    )

    assert [(step.artifact, step.method, step.depends_on) for step in planned.steps] == [
        (9, "output_suppression", ()),
        (8, "recipient_notice", (1,)),
        (7, "retrain_from_clean_ancestor", (1,)),
        (4, "artifact_destruction", (1, 3)),
        (6, "artifact_destruction", (1, 3)),
        (1, "source_row_deletion", (1, 3, 4, 5)),
        (2, "source_row_deletion", (1, 3, 4, 5)),
        (3, "source_row_deletion", (1, 3, 4, 5)),
        (5, "source_row_deletion", (1, 3, 4, 5)),
    ]
    [recipient] = planned.uncovered
    assert (recipient.artifact, "no address" in recipient.reason) == (10, True)


@pytest.mark.parametrize("tags", [{}, {"vestige.policy": "approximate_allowed"}])
def test_a_model_whose_base_cannot_be_made_again_is_listed_with_the_reason(
    tags: dict[str, str],
) -> None:
    tuned = PlanningArtifact(
        id=1,
        kind=ArtifactKind.FINE_TUNE,
        name="tuned",
        influence=WEIGHTS,
        rank=1,
        training=TrainingSummary(recipe="company.recipes:train", seconds=9.0),
        base_models=(7,),
        unrepeatable="the recipe of bought-in, which it was made from, is not recorded",
        tags=tags,
    )

    planned = plan(PlanningInput(artifacts=(tuned,)))

    assert planned.steps == ()
    [left] = planned.uncovered
    assert left.reason == "the recipe of bought-in, which it was made from, is not recorded"


def over(number: int, kind: ArtifactKind, *bases: int, recipe: bool = True) -> PlanningArtifact:
    """A model made over others."""
    return replace(
        affected(number, kind, WEIGHTS, number),
        training=trained(1.0) if recipe else None,
        base_models=bases,
        ancestors=bases,
        tags={"vestige.policy": "approximate_allowed"},
    )


BASE = replace(affected(1, ArtifactKind.MODEL, WEIGHTS, 1), training=trained(2.0))


@pytest.mark.parametrize("kind", [ArtifactKind.ADAPTER, ArtifactKind.QUANTIZED])
def test_what_is_made_for_one_base_is_made_again_with_it_and_never_only_repaired(
    kind: ArtifactKind,
) -> None:
    planned = plan(PlanningInput(artifacts=(BASE, over(2, kind, 1))))

    assert [(step.artifact, step.method, step.cost_seconds) for step in planned.steps] == [
        (1, "retrain_from_clean_ancestor", 2.0),
        (2, "retrain_from_clean_ancestor", 3.0),
    ]
    assert planned.steps[1].depends_on == (1,)
    assert planned.steps[1].alternatives == ()


def test_a_reward_model_is_treated_as_any_model_is() -> None:
    reward = replace(over(2, ArtifactKind.REWARD_MODEL), tags={})
    allowed = over(3, ArtifactKind.REWARD_MODEL)

    planned = plan(PlanningInput(artifacts=(reward, allowed)))

    assert {step.artifact: step.method for step in planned.steps} == {
        2: "retrain_from_clean_ancestor",
        3: "negative_gradient_repair",
    }


@pytest.mark.parametrize(
    ("artifact", "reason"),
    [
        (over(2, ArtifactKind.ADAPTER), "what it was made of is not recorded"),
        (over(2, ArtifactKind.QUANTIZED), "what it was made of is not recorded"),
        (over(2, ArtifactKind.MERGED), "what it was made of is not recorded"),
        (over(2, ArtifactKind.ADAPTER, 1, recipe=False), "recipe is not recorded"),
        (over(2, ArtifactKind.QUANTIZED, 1, recipe=False), "recipe is not recorded"),
        (over(2, ArtifactKind.MERGED, 1, 7, recipe=False), "recipe is not recorded"),
        (
            replace(over(2, ArtifactKind.MERGED, 1), unrepeatable="fewer than two are recorded"),
            "fewer than two",
        ),
        (affected(2, ArtifactKind.SOURCE, CONTENT, 2), "a person must delete the records there"),
    ],
)
def test_what_no_method_treats_waits_for_a_person_with_the_reason(
    artifact: PlanningArtifact, reason: str
) -> None:
    planned = plan(PlanningInput(artifacts=(BASE, artifact)))

    assert [step.artifact for step in planned.steps] == [1]
    [left] = planned.uncovered
    assert (left.artifact, reason in left.reason) == (2, True)


def test_a_merge_is_made_again_after_every_model_that_goes_into_it() -> None:
    other = replace(BASE, id=2, rank=2)
    merged = over(3, ArtifactKind.MERGED, 1, 2)
    quantised = replace(over(4, ArtifactKind.QUANTIZED, 3), ancestors=(3,))

    planned = plan(PlanningInput(artifacts=(BASE, other, merged, quantised)))

    assert planned.uncovered == ()
    assert [(step.artifact, step.depends_on, step.cost_seconds) for step in planned.steps] == [
        (1, (), 2.0),
        (2, (), 2.0),
        (3, (1, 2), 5.0),
        (4, (3,), 6.0),
    ]
    assert {step.method for step in planned.steps} == {"retrain_from_clean_ancestor"}


def test_what_was_made_from_a_merge_without_recipe_waits_with_it() -> None:
    merged = over(2, ArtifactKind.MERGED, 1, recipe=False)

    planned = plan(PlanningInput(artifacts=(BASE, merged, over(3, ArtifactKind.QUANTIZED, 2))))

    assert {item.artifact for item in planned.uncovered} == {2, 3}
    assert "which it was made from, is not recorded" in planned.uncovered[1].reason


def test_rows_leave_a_corpus_last_while_the_product_that_looks_it_up_is_silenced_first() -> None:
    corpus = replace(
        affected(1, ArtifactKind.RETRIEVAL_CORPUS, CONTENT, 1), locations=("file:///help",)
    )
    product = affected(2, ArtifactKind.PRODUCT, (Influence.EXPOSURE,), 2)

    planned = plan(PlanningInput(artifacts=(corpus, product)))

    assert [(step.artifact, step.method, step.places) for step in planned.steps] == [
        (2, "output_suppression", ()),
        (1, "source_row_deletion", ("file:///help",)),
    ]
