"""A training is described with everything that it stands on, or not at all."""

import pytest

from lineage.graph import ArtifactKind, Relation
from lineage.models import Activity, Artifact, Derivation
from tests.factories import ArtifactFactory, PlanStepFactory
from tests.unlearning.test_gathering import gathered
from unlearning.errors import LineageTooDeepError, UnrepeatableTrainingError
from unlearning.jobs.descriptions import training_document
from unlearning.jobs.inputs import step_input

pytestmark = pytest.mark.django_db


def model(name: str, *bases: Artifact, recipe: str = "company.recipes:train") -> Artifact:
    run = Activity.objects.create(kind="training", external_id=f"run-{name}", recipe=recipe)
    made: Artifact = ArtifactFactory.create(name=name, made_by=run)
    for base in bases:
        Derivation.objects.create(upstream=base, downstream=made, relation=Relation.FINE_TUNED_FROM)
    return made


def test_a_fine_tune_is_described_with_its_base() -> None:
    document = training_document(model("tuned", model("base", recipe="company.recipes:base")).pk)

    assert document is not None
    assert document["base"]["recipe"] == "company.recipes:base"


def test_a_base_without_a_recorded_run_is_not_left_out() -> None:
    tuned = model("tuned", ArtifactFactory.create(name="bought-in"))

    with pytest.raises(UnrepeatableTrainingError, match="recipe of bought-in"):
        training_document(tuned.pk)
    assert "recipe of bought-in" in gathered(tuned)[tuned.pk].unrepeatable


def test_a_base_far_behind_counts_although_the_trace_does_not_name_it() -> None:
    tuned = model("tuned", model("base", model("first", recipe="")))

    assert "recipe of first" in gathered(tuned)[tuned.pk].unrepeatable


def test_one_of_several_bases_does_not_stand_for_all() -> None:
    merged = model("merged", model("left"), model("right"))

    with pytest.raises(UnrepeatableTrainingError, match=r"several models \(left, right\)"):
        training_document(merged.pk)
    assert "several models" in gathered(merged)[merged.pk].unrepeatable


def test_models_behind_one_another_without_end_are_refused() -> None:
    first = model("first")
    second = model("second", first)
    Derivation.objects.create(upstream=second, downstream=first, relation=Relation.FINE_TUNED_FROM)

    with pytest.raises(LineageTooDeepError, match="in a circle"):
        training_document(second.pk)


def test_a_dataset_of_a_bought_in_generator_is_read_as_it_lies() -> None:
    generator = model("generator", ArtifactFactory.create(name="bought-in"))
    rows = ArtifactFactory.create(
        kind=ArtifactKind.SYNTHETIC_DATASET,
        attributes={
            "synthesis": {
                "generator": generator.identity,
                "recipe": "company:sample",
                "params": {},
                "seed": 7,
                "policy": "regenerate",
            }
        },
    )
    student = model("student")
    Derivation.objects.create(upstream=rows, downstream=student, relation=Relation.TRAINED_ON)

    document = training_document(student.pk)

    assert document is not None
    [use] = document["datasets"]
    assert use["artifact_id"] == rows.pk
    assert "synthesis" not in use


def test_an_index_of_several_encoders_needs_no_training_to_lose_vectors() -> None:
    index = ArtifactFactory.create(kind=ArtifactKind.EMBEDDING_INDEX)
    for name in ("text", "image"):
        Derivation.objects.create(
            upstream=model(name), downstream=index, relation=Relation.EMBEDDED_BY
        )

    document = step_input(PlanStepFactory.create(artifact=index, method="vector_removal"))

    assert document["training"] is None


@pytest.mark.parametrize(
    ("kind", "relation", "without_rows"),
    [
        (ArtifactKind.QUANTIZED, Relation.QUANTIZED_FROM, True),
        (ArtifactKind.ADAPTER, Relation.ADAPTER_OF, False),
    ],
)
def test_only_a_quantisation_may_have_read_no_rows(
    kind: ArtifactKind, relation: Relation, *, without_rows: bool
) -> None:
    made = model("made", model("base", recipe="company.recipes:base"))
    Artifact.objects.filter(pk=made.pk).update(kind=kind)
    Derivation.objects.filter(downstream=made).update(relation=relation)

    document = training_document(made.pk)

    assert document is not None
    assert document["base"]["recipe"] == "company.recipes:base"
    assert document["without_rows"] is without_rows
    assert document["base"]["without_rows"] is False


def merge(**sources: Artifact) -> Artifact:
    """A merge of models, each logged under the name that it is given by."""
    for name, source in sources.items():
        Artifact.objects.filter(pk=source.pk).update(attributes={"logged_name": name})
    merged = model("merged", *sources.values())
    Artifact.objects.filter(pk=merged.pk).update(kind=ArtifactKind.MERGED)
    Derivation.objects.filter(downstream=merged).update(relation=Relation.MERGED_FROM)
    return merged


def test_a_merge_is_described_with_each_model_under_its_name() -> None:
    merged = merge(tall=model("a", recipe="company.recipes:tall"), small=model("b"))
    tuned = model("tuned", merged)

    for document in (training_document(merged.pk), (training_document(tuned.pk) or {})["base"]):
        assert document is not None
        assert document["base"] is None
        assert list(document["merged"]) == ["small", "tall"]
        assert document["merged"]["tall"]["recipe"] == "company.recipes:tall"
        assert document["without_rows"]


@pytest.mark.parametrize(
    ("sources", "reason"),
    [
        ({"one": "a"}, "fewer than two"),
        ({"one": "a", "": "b"}, r"\(a, b\) cannot be told apart"),
        ({"one": "a", "../two": "b"}, r"\(a, b\) cannot be told apart"),
        ({"one": "a", "..": "b"}, r"\(a, b\) cannot be told apart"),
        ({"one": "a", "two": "bought"}, "the recipe of bought, which"),
    ],
)
def test_a_merge_that_cannot_be_repeated_says_why(sources: dict[str, str], reason: str) -> None:
    merged = merge(
        **{
            logged: model(name, recipe="" if name == "bought" else "company.recipes:train")
            for logged, name in sources.items()
        }
    )

    with pytest.raises(UnrepeatableTrainingError, match=reason):
        training_document(merged.pk)


def test_two_models_of_one_name_have_no_place_of_their_own_in_a_merge() -> None:
    merged = merge(one=model("a"), two=model("b"))
    Artifact.objects.filter(name="b").update(attributes={"logged_name": "one"})

    with pytest.raises(UnrepeatableTrainingError, match="cannot be told apart"):
        training_document(merged.pk)
