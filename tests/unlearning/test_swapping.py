"""New files take the place of old ones in every copy, whole or not at all."""

import os
from pathlib import Path

import pytest

from lineage.graph import ArtifactKind, Relation
from lineage.models import Artifact, ArtifactState, Derivation
from lineage.records import list_segments, version_digest
from lineage.selectors import synthesis_of
from tests.factories import ArtifactFactory, JobFactory, PlanStepFactory
from tests.people import ROWS, customers, record_dataset, write_dataset
from tests.unlearning.cuts import Killed, cut_at
from unlearning.data import segment_files
from unlearning.digests import file_digest
from unlearning.errors import JobFailedError
from unlearning.jobs import swapping
from unlearning.jobs.inputs import step_input, verification_input
from unlearning.jobs.lease import Lease, acquire
from unlearning.models import PlanStep, StepState

pytestmark = pytest.mark.django_db


@pytest.fixture
def lease() -> Lease:
    found = acquire(JobFactory.create().pk)
    assert found is not None
    return found


@pytest.fixture
def synthetic(tmp_path: Path) -> PlanStep:
    """A step about a synthetic dataset whose generator the plan has made anew."""
    place = write_dataset(tmp_path / "synthetic", ROWS, segments=3)
    old, new = (ArtifactFactory.create(location=f"file:///{name}") for name in ("old", "new"))
    dataset = Artifact.objects.create(
        kind=ArtifactKind.SYNTHETIC_DATASET,
        name="people, made up",
        identity="dataset:made-up",
        location=place.as_uri(),
        digest=version_digest(list_segments(place)),
        attributes={
            "synthesis": {
                "generator": old.identity,
                "recipe": "company:sample",
                "params": {"rows": "4"},
                "seed": 7,
                "policy": "regenerate",
            }
        },
    )
    made: PlanStep = PlanStepFactory.create(artifact=dataset, method="synthetic_regeneration")
    PlanStepFactory.create(
        plan=made.plan,
        artifact=old,
        state=StepState.DONE,
        outcome={"artifact": new.pk, "digest": new.digest},
    )
    return made


def sampled(tmp_path: Path) -> dict[str, object]:
    place = write_dataset(tmp_path / "sampled", ROWS[1:], segments=2)
    return {"model_dir": str(place), "digest": version_digest(list_segments(place))}


@pytest.mark.parametrize("number", [1, 2, 4, 7, 8, 9])
def test_a_dataset_is_swapped_whole_after_a_kill_anywhere(
    synthetic: PlanStep, lease: Lease, tmp_path: Path, number: int
) -> None:
    place, result = tmp_path / "synthetic", sampled(tmp_path)
    effects = ((Path, "replace"), (os, "fsync"), (Path, "unlink"))
    with cut_at(number, *effects, (swapping, "record_regeneration")), pytest.raises(Killed):
        swapping.swap_dataset(synthetic, result, lease)

    outcome = swapping.swap_dataset(synthetic, result, lease)

    assert customers(place) == {"C-2", "C-3", "C-4"}
    assert sorted(path.name for path in place.iterdir()) == sorted(
        path.name for path in (tmp_path / "sampled").iterdir()
    )
    assert swapping.swap_dataset(synthetic, result, lease) == outcome
    new = Artifact.objects.get(pk=outcome["artifact"])
    assert new.digest == result["digest"]
    before, after = synthesis_of(synthetic.artifact_id), synthesis_of(new.pk)
    assert before is not None
    assert after is not None
    assert after.generator == outcome["generator"] != before.generator
    synthetic.artifact.refresh_from_db()
    assert synthetic.artifact.state == ArtifactState.SUPERSEDED


def test_files_that_are_not_the_sampled_ones_are_refused(
    synthetic: PlanStep, lease: Lease, tmp_path: Path
) -> None:
    result = sampled(tmp_path) | {"digest": "sha256:other"}

    with pytest.raises(JobFailedError, match="not the ones that were sampled"):
        swapping.swap_dataset(synthetic, result, lease)


def test_the_input_names_the_generator_that_the_plan_made(synthetic: PlanStep) -> None:
    made = synthetic.plan.steps.exclude(pk=synthetic.pk).get().outcome

    document = step_input(synthetic)["synthesis"]

    assert (document["recipe"], document["params"], document["seed"]) == (
        "company:sample",
        {"rows": "4"},
        7,
    )
    assert document["generator"] == {
        "artifact_id": made["artifact"],
        "digest": made["digest"],
        "location": "file:///new",
    }
    [treated] = [
        step
        for step in verification_input(synthetic.plan)["steps"]
        if step["step_id"] == synthetic.pk
    ]
    assert treated["synthesis"] == document


def redaction(tmp_path: Path, *copies: str) -> tuple[PlanStep, dict[str, object]]:
    """A step that takes Ann's row out of the first segment of a dataset and its copies."""
    place = write_dataset(tmp_path / "people")
    dataset = record_dataset(place)
    dataset.attributes["copies"] = list(copies)
    dataset.save()
    made = write_dataset(tmp_path / "made", ROWS[1:][1::2], segments=1)
    (made / "record-index.json").unlink()
    [new] = segment_files(made)
    changed = {
        "file": new.name,
        "old_digest": file_digest(place / new.name),
        "new_digest": file_digest(new),
        "removed": 1,
    }
    step: PlanStep = PlanStepFactory.create(artifact=dataset, method="source_row_deletion")
    return step, {"model_dir": str(made), "details": {"segments": [changed]}}


def test_rows_are_deleted_in_every_copy(lease: Lease, tmp_path: Path) -> None:
    copy = write_dataset(tmp_path / "copy")
    step, result = redaction(tmp_path, copy.as_uri())

    swapping.swap_segments(step, result, lease)

    assert customers(tmp_path / "people") == customers(copy)
    assert "C-1" not in customers(copy)
    assert verification_input(step.plan)["datasets"] == [
        {"step_id": step.pk, "uri": (tmp_path / "people").as_uri()},
        {"step_id": step.pk, "uri": copy.as_uri()},
    ]


def test_a_copy_with_other_rows_is_left_to_a_person(lease: Lease, tmp_path: Path) -> None:
    copy = write_dataset(tmp_path / "copy", [("C-1", "ann@example.com", "Berlin")])
    step, result = redaction(tmp_path, copy.as_uri())

    with pytest.raises(JobFailedError, match="a person must delete the records there"):
        swapping.swap_segments(step, result, lease)

    assert customers(copy) == {"C-1"}


def test_a_copy_out_of_reach_is_left_to_a_person(lease: Lease, tmp_path: Path) -> None:
    step, result = redaction(tmp_path, "s3://bucket/people")

    with pytest.raises(JobFailedError, match="s3://bucket/people, where its files cannot"):
        swapping.swap_segments(step, result, lease)


def test_a_recipient_is_described_with_what_it_was_given(tmp_path: Path) -> None:
    dataset = record_dataset(write_dataset(tmp_path / "people"))
    recipient = ArtifactFactory.create(
        kind=ArtifactKind.RECIPIENT,
        name="lakeside-insights",
        attributes={"contact": "mailto:privacy@lakeside.example"},
    )
    Derivation.objects.create(upstream=dataset, downstream=recipient, relation=Relation.COPIED_TO)

    document = step_input(PlanStepFactory.create(artifact=recipient, method="recipient_notice"))

    assert document["recipient"] == {
        "name": "lakeside-insights",
        "address": "mailto:privacy@lakeside.example",
    }
    assert [item["location"] for item in document["copied"]] == [dataset.location]
