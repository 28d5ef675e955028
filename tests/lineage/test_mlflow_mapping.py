"""What MLflow shows becomes observations: every rule, without a server."""

from datetime import UTC, datetime
from typing import Any

import pytest

from lineage.capture.mlflow import map_state
from lineage.capture.mlflow_state import (
    SeenDataset,
    SeenModel,
    SeenRegistered,
    SeenRun,
    SeenState,
    SeenVersion,
)
from lineage.capture.observations import Observations
from lineage.graph import ArtifactKind

NOW = datetime(2026, 11, 2, tzinfo=UTC)
KNOWN = {"file:///data/v1": "dataset:shop/adult@1", "file:///data/test": "dataset:shop/test@1"}
TRAINED = (SeenDataset(name="adult", source='{"uri": "/data/v1"}', context="training"),)


def run(run_id: str, **seen: Any) -> SeenRun:  # noqa: ANN401 - any field
    return SeenRun(
        **{
            "run_id": run_id,
            "name": run_id,
            "status": "FINISHED",
            "started_at": NOW,
            "ended_at": NOW,
            **seen,
        }
    )


def model(model_id: str, **seen: Any) -> SeenModel:  # noqa: ANN401 - any field
    return SeenModel(
        **{
            "identity": f"mlflow-model:{model_id}",
            "model_id": model_id,
            "name": model_id,
            "location": f"file:///models/{model_id}",
            "created_at": NOW,
            **seen,
        }
    )


def observe(**state: Any) -> Observations:  # noqa: ANN401 - any field
    return map_state(
        SeenState(observed_at=NOW, **state),
        lambda location, _: KNOWN.get(location),
    )


def edges(observed: Observations) -> set[tuple[str, str, str]]:
    return {
        (d.upstream.split(":", 1)[1], d.relation.value, d.downstream.split(":", 1)[1])
        for d in observed.derivations
    }


def test_the_context_of_an_input_tells_training_from_evaluation() -> None:
    tested = SeenDataset(name="t", source='{"uri": "/data/test/"}', context="Eval")
    untold = SeenDataset(name="adult", source='{"url": "file:///data/v1"}')
    observed = observe(
        runs=(run("r", datasets=(tested, untold)),), models=(model("m", run_id="r"),)
    )
    assert edges(observed) == {
        ("shop/test@1", "evaluated_on", "m"),
        ("shop/adult@1", "trained_on", "m"),
    }


def test_a_model_input_makes_a_fine_tune() -> None:
    observed = observe(
        runs=(run("r", datasets=TRAINED, model_inputs=("base",), model_outputs=("m",)),),
        models=(model("base"), model("m")),
    )
    kinds = {a.identity: a.kind for a in observed.artifacts}
    assert kinds["mlflow-model:m"] == ArtifactKind.FINE_TUNE
    assert ("base", "fine_tuned_from", "m") in edges(observed)


def test_a_run_says_that_its_model_was_distilled_from_the_one_it_read() -> None:
    distils = {"vestige.base_relation": "distilled_from"}
    observed = observe(
        runs=(
            run("r", datasets=TRAINED, model_inputs=("t",), model_outputs=("m",), tags=distils),
            run("odd", model_inputs=("t",), tags={"vestige.base_relation": "whatever"}),
        ),
        models=(model("t"), model("m"), model("o", run_id="odd")),
    )
    kinds = {a.name: a.kind for a in observed.artifacts}
    assert (kinds["m"], kinds["o"]) == (ArtifactKind.DISTILLED, ArtifactKind.FINE_TUNE)
    assert edges(observed) == {
        ("shop/adult@1", "trained_on", "m"),
        ("t", "distilled_from", "m"),
        ("t", "fine_tuned_from", "o"),
    }


#: How a model says what it is: its type, its run's tag; what it is then, and the edge to its base.
SAID = [
    ("", "adapter_of", "adapter", "adapter_of"),
    ("adapter", "", "adapter", "adapter_of"),
    ("", "merged_from", "merged", "merged_from"),
    ("merged", "fine_tuned_from", "merged", "merged_from"),
    ("", "quantized_from", "quantized", "quantized_from"),
    ("quantized", "", "quantized", "quantized_from"),
    ("reward_model", "", "reward_model", "fine_tuned_from"),
    ("checkpoint", "adapter_of", "checkpoint", "adapter_of"),
    ("embedding_index", "adapter_of", "embedding_index", "embedded_by"),
    ("classifier", "", "fine_tune", "fine_tuned_from"),
    ("", "unlearned_from", "fine_tune", "fine_tuned_from"),
]


@pytest.mark.parametrize(("model_type", "tag", "kind", "relation"), SAID)
def test_a_model_is_what_its_type_or_its_run_says(
    model_type: str, tag: str, kind: str, relation: str
) -> None:
    tags = {"vestige.base_relation": tag} if tag else {}
    observed = observe(
        runs=(run("r", model_inputs=("one", "two"), tags=tags),),
        models=(model("one"), model("two"), model("m", run_id="r", model_type=model_type)),
    )
    kinds = {a.name: a.kind.value for a in observed.artifacts}
    assert kinds == {"one": "model", "two": "model", "m": kind}
    assert edges(observed) == {("one", relation, "m"), ("two", relation, "m")}


@pytest.mark.parametrize("kind", ["adapter", "merged", "quantized", "reward_model"])
def test_a_model_keeps_its_type_where_nothing_it_was_made_of_is_on_record(kind: str) -> None:
    (artifact,) = observe(models=(model("m", model_type=kind),)).artifacts
    assert artifact.kind == kind


def test_a_student_without_a_teacher_on_record_is_a_model() -> None:
    distils = {"vestige.base_relation": "distilled_from"}
    observed = observe(runs=(run("r", tags=distils),), models=(model("m", run_id="r"),))
    assert [a.kind for a in observed.artifacts] == [ArtifactKind.MODEL]


def test_a_checkpoint_has_the_inputs_of_its_run_and_its_own_kind() -> None:
    observed = observe(
        runs=(run("r", datasets=TRAINED, model_inputs=("base",), model_outputs=("m", "c")),),
        models=(model("base"), model("m"), model("c", model_type="checkpoint")),
    )
    kinds = {a.name: a.kind for a in observed.artifacts}
    assert (kinds["m"], kinds["c"]) == (ArtifactKind.FINE_TUNE, ArtifactKind.CHECKPOINT)
    assert {("shop/adult@1", "trained_on", "c"), ("base", "fine_tuned_from", "c")} <= edges(
        observed
    )


@pytest.mark.parametrize(
    ("tag", "copies", "unreadable"),
    [
        (None, None, False),
        ('["file:///laptop/c/", "/laptop/d"]', ["file:///laptop/c", "file:///laptop/d"], False),
        ("file:///laptop/c", None, True),
        ('{"place": 1}', None, True),
        ('["here"]', None, True),
    ],
)
def test_copies_of_a_model_are_named_by_a_tag(
    tag: str | None, copies: list[str] | None, *, unreadable: bool
) -> None:
    tags = {} if tag is None else {"vestige.copies": tag}
    (artifact,) = observe(models=(model("c", tags=tags),)).artifacts
    assert artifact.attributes["copies"] == copies
    assert artifact.attributes["unreadable_copies"] is unreadable


def test_an_index_holds_vectors_of_its_dataset_embedded_by_its_model() -> None:
    observed = observe(
        runs=(run("r", datasets=TRAINED, model_inputs=("base",)),),
        models=(model("base"), model("i", run_id="r", model_type="embedding_index")),
    )
    assert edges(observed) == {("shop/adult@1", "indexes", "i"), ("base", "embedded_by", "i")}


def test_the_replaced_model_is_no_base_of_its_successor() -> None:
    observed = observe(
        runs=(run("r", model_inputs=("old",)),),
        models=(model("old"), model("m", run_id="r", tags={"vestige.unlearned_from": "old"})),
    )
    assert edges(observed) == {("old", "unlearned_from", "m")}
    assert {a.kind for a in observed.artifacts} == {ArtifactKind.MODEL}


def test_a_base_model_that_mlflow_does_not_show_is_only_mentioned() -> None:
    observed = observe(runs=(run("r", model_inputs=("gone",)),), models=(model("m", run_id="r"),))
    assert [a.identity for a in observed.artifacts if not a.seen] == ["mlflow-model:gone"]


def test_a_dataset_at_an_unknown_place_or_at_none_is_only_mentioned() -> None:
    frames = tuple(SeenDataset(name="frame", source=s) for s in ('{"tags": {}}', "/nowhere/x"))
    observed = observe(runs=(run("r", datasets=frames),), models=(model("m", run_id="r"),))
    mentioned = [a for a in observed.artifacts if not a.seen]
    assert {a.kind for a in mentioned} == {ArtifactKind.DATASET_VERSION}
    assert {a.location for a in mentioned} == {"", "file:///nowhere/x"}


def test_a_nested_run_without_inputs_read_those_of_its_parent() -> None:
    child = run("child", tags={"mlflow.parentRunId": "parent"})
    observed = observe(
        runs=(run("parent", datasets=TRAINED), child), models=(model("m", run_id="child"),)
    )
    assert edges(observed) == {("shop/adult@1", "trained_on", "m")}


def test_parents_in_a_circle_are_no_endless_walk() -> None:
    runs = tuple(
        run(a, tags={"mlflow.parentRunId": b}) for a, b in (("a", "b"), ("b", "a"), ("c", "c"))
    )
    assert edges(observe(runs=runs, models=(model("m", run_id="a"),))) == set()


def test_a_missing_run_is_remembered_with_the_model() -> None:
    observed = observe(models=(model("m", run_id="hidden"),))
    assert observed.artifacts[0].attributes["missing_run"] == "hidden"


def test_recipe_seconds_and_policy_are_kept() -> None:
    made = run(
        "r",
        tags={"vestige.recipe": "shop.recipes:mlp", "vestige.policy": "approximate_allowed"},
        params={"seed": "3"},
        train_seconds=1.5,
        model_outputs=("m",),
    )
    observed = observe(runs=(made,), models=(model("m", tags={"vestige.digest": "sha256:ab"}),))
    activity, artifact = observed.activities[0], observed.artifacts[0]
    assert (activity.recipe, activity.seconds, activity.params) == (
        "shop.recipes:mlp",
        1.5,
        {"seed": "3"},
    )
    assert artifact.digest == "sha256:ab"
    assert artifact.attributes["vestige.policy"] == "approximate_allowed"
    assert artifact.attributes["params"] == {"seed": "3"}


def test_a_product_serves_its_production_version_and_what_it_also_serves() -> None:
    observed = observe(
        models=(model("m1"), model("m2"), model("index")),
        versions=(
            SeenVersion(name="clf", version="9", model="mlflow-model:m1"),
            SeenVersion(name="clf", version="10", model="mlflow-model:m2", aliases=("production",)),
            SeenVersion(
                name="idx", version="1", model="mlflow-model:index", aliases=("production",)
            ),
        ),
        registered=(
            SeenRegistered(
                name="clf",
                tags={
                    "vestige.endpoint": "http://127.0.0.1:9",
                    "vestige.product": "shop",
                    "vestige.also_serves": "idx, lost",
                },
            ),
            SeenRegistered(name="idx"),
        ),
    )
    assert observed.deployments[0].serves == ("mlflow-model:m2", "mlflow-model:index")
    product = next(a for a in observed.artifacts if a.kind == ArtifactKind.PRODUCT)
    assert product.location == "http://127.0.0.1:9"
    assert product.attributes["missing_models"] == ["lost"]
    assert {a.name for a in observed.artifacts} == {"clf v9", "clf v10", "idx v1", "shop"}


@pytest.mark.parametrize("swapped", [False, True])
def test_a_product_that_two_registered_models_name_serves_both(*, swapped: bool) -> None:
    clf, ranker = (
        SeenRegistered(
            name=name,
            tags={
                "vestige.endpoint": endpoint,
                "vestige.product": "shop",
                "vestige.also_serves": "index",
            },
        )
        for name, endpoint in (("clf", "http://127.0.0.1:9"), ("ranker", "http://127.0.0.1:8"))
    )
    observed = observe(
        models=(model("clf"), model("index")),
        versions=tuple(
            SeenVersion(
                name=name, version="1", model=f"mlflow-model:{name}", aliases=("production",)
            )
            for name in ("clf", "index")
        ),
        registered=(ranker, clf) if swapped else (clf, ranker),
    )
    (deployment,) = observed.deployments
    assert deployment.serves == ("mlflow-model:clf", "mlflow-model:index")
    (product,) = (a for a in observed.artifacts if a.kind == ArtifactKind.PRODUCT)
    assert product.location == "http://127.0.0.1:9"
    assert product.attributes == {
        "registered_models": ["clf", "index", "ranker"],
        "missing_models": ["ranker"],
        "endpoints": ["http://127.0.0.1:9", "http://127.0.0.1:8"],
    }


def desk(**tags: str) -> SeenRegistered:
    told = {f"vestige.{name}": value for name, value in tags.items()}
    return SeenRegistered(
        name="m", tags={"vestige.endpoint": "http://x", "vestige.product": "desk", **told}
    )


def test_a_product_names_the_places_that_it_looks_up() -> None:
    observed = observe(
        models=(model("m"),),
        versions=(SeenVersion(name="m", version="1", model="m", aliases=("production",)),),
        registered=(desk(retrieves_from="/data/v1/ , file:///unknown/docs"), desk()),
    )
    (deployment,) = observed.deployments
    known, unknown = deployment.retrieves
    assert known == "dataset:shop/adult@1"
    (mentioned,) = [a for a in observed.artifacts if a.identity == unknown]
    assert (mentioned.kind, mentioned.seen) == (ArtifactKind.RETRIEVAL_CORPUS, False)
    assert mentioned.location == "file:///unknown/docs"


def test_a_product_that_looks_nothing_up_says_so() -> None:
    (deployment,) = observe(registered=(desk(),)).deployments
    assert deployment.retrieves == ()
