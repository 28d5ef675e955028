"""New files take the place of old ones in every copy, whole or not at all."""

import os
from pathlib import Path

import pytest
from pytest_django import Settings

from lineage.graph import ArtifactKind, Relation
from lineage.models import Artifact, ArtifactState, Derivation
from lineage.records import list_segments, version_digest
from lineage.selectors import synthesis_of
from tests.factories import ArtifactFactory, JobFactory, PlanFactory, PlanStepFactory
from tests.people import ROWS, customers, record_dataset, write_dataset
from tests.unlearning.cuts import Killed, cut_at
from unlearning.data import segment_files
from unlearning.digests import file_digest
from unlearning.errors import JobFailedError, ResultOutdatedError
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
    replaced = {file.name: file_digest(file) for file in segment_files(tmp_path / "synthetic")}
    return {
        "model_dir": str(place),
        "digest": version_digest(list_segments(place)),
        "details": {"replaced": replaced},
    }


#: What a swap does to files, in calls that a kill may come before.
EFFECTS = ((Path, "unlink"), (Path, "open"), (os, "fsync"), (Path, "replace"))


@pytest.mark.parametrize("number", range(1, 30, 2))
def test_a_dataset_is_swapped_whole_after_a_kill_anywhere(
    synthetic: PlanStep, lease: Lease, tmp_path: Path, number: int
) -> None:
    place, result = tmp_path / "synthetic", sampled(tmp_path)
    with cut_at(number, *EFFECTS, (swapping, "record_regeneration")), pytest.raises(Killed):
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


def test_only_segments_and_description_give_way_to_a_new_dataset(
    synthetic: PlanStep, lease: Lease, tmp_path: Path
) -> None:
    place = tmp_path / "synthetic"
    sibling = write_dataset(place / "sibling")
    (place / "README").write_text("how it was made")

    swapping.swap_dataset(synthetic, sampled(tmp_path), lease)

    assert not (place / "segment-0002.csv").exists()
    assert (place / "README").exists()
    assert customers(sibling) == {"C-1", "C-2", "C-3", "C-4"}


def test_a_new_dataset_takes_no_place_where_another_artifact_lies(
    synthetic: PlanStep, lease: Lease, tmp_path: Path
) -> None:
    place = tmp_path / "synthetic"
    ArtifactFactory.create(name="a log", location=(place / "segment-0002.csv").as_uri())

    with pytest.raises(JobFailedError, match="a log lies there too"):
        swapping.swap_dataset(synthetic, sampled(tmp_path), lease)

    assert "C-1" in customers(place)


@pytest.mark.parametrize("where", ["synthetic", "copy"])
def test_rows_that_came_after_the_sampling_are_not_overwritten(
    synthetic: PlanStep, lease: Lease, tmp_path: Path, where: str
) -> None:
    approve_copy(synthetic, write_dataset(tmp_path / "copy", ROWS, segments=3))
    result = sampled(tmp_path)
    append(tmp_path / where, "C-9,eve@example.com,Rome")

    with pytest.raises(ResultOutdatedError, match=f"segment-0000.csv in {tmp_path / where} is not"):
        swapping.swap_dataset(synthetic, result, lease)

    assert "C-9" in customers(tmp_path / where)
    assert customers(tmp_path / "synthetic") >= {"C-1", "C-2", "C-3", "C-4"}


def approve_copy(step: PlanStep, copy: Path) -> None:
    """Record a copy, and let the plan cover it."""
    step.artifact.attributes["copies"] = [copy.as_uri()]
    step.artifact.save()
    step.places = [*step.places, copy.as_uri()]
    step.save()


@pytest.mark.parametrize("method", ["swap_segments", "swap_dataset"])
def test_nothing_is_written_where_the_installation_lives(
    synthetic: PlanStep, lease: Lease, tmp_path: Path, settings: Settings, method: str
) -> None:
    settings.PRIVATE_PLACES = [tmp_path / "home"]
    copy = write_dataset(tmp_path / "home" / "keys", ROWS, segments=3)
    step, result = redaction(tmp_path, copy.as_uri())
    if method == "swap_dataset":
        approve_copy(synthetic, copy)
        step, result = synthetic, sampled(tmp_path)

    with pytest.raises(JobFailedError, match="this installation lies there too"):
        getattr(swapping, method)(step, result, lease)

    assert "C-1" in customers(copy)


def test_a_link_in_place_of_a_segment_is_refused(lease: Lease, tmp_path: Path) -> None:
    step, result = redaction(tmp_path)
    segment, behind = tmp_path / "people" / "segment-0000.csv", tmp_path / "behind.csv"
    segment.rename(behind)
    segment.symlink_to(behind)

    with pytest.raises(JobFailedError, match=r"segment-0000\.csv is a link to files elsewhere"):
        swapping.swap_segments(step, result, lease)

    assert segment.is_symlink()


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
    step: PlanStep = PlanStepFactory.create(
        artifact=dataset,
        method="source_row_deletion",
        plan=PlanFactory.create(record_ids=["C-1"]),
    )
    return step, {"model_dir": str(made), "details": {"segments": [changed]}}


def test_rows_are_deleted_in_every_copy(lease: Lease, tmp_path: Path) -> None:
    copy = write_dataset(tmp_path / "copy")
    step, result = redaction(tmp_path, copy.as_uri())

    outcome = swapping.swap_segments(step, result, lease)

    assert outcome["digest"] == version_digest(list_segments(copy))
    assert customers(tmp_path / "people") == customers(copy)
    assert "C-1" not in customers(copy)
    assert verification_input(step.plan)["datasets"] == [
        {"step_id": step.pk, "uri": (tmp_path / "people").as_uri()},
        {"step_id": step.pk, "uri": copy.as_uri()},
    ]


@pytest.mark.parametrize("number", range(1, 14))
def test_rows_are_deleted_after_a_kill_anywhere_and_no_copy_of_them_is_left(
    lease: Lease, tmp_path: Path, number: int
) -> None:
    copy = write_dataset(tmp_path / "copy")
    step, result = redaction(tmp_path, copy.as_uri())
    names = sorted(path.name for path in copy.iterdir())
    with cut_at(number, *EFFECTS, (swapping, "record_redaction")), pytest.raises(Killed):
        swapping.swap_segments(step, result, lease)

    outcome = swapping.swap_segments(step, result, lease)

    for place in (tmp_path / "people", copy):
        assert customers(place) == {"C-2", "C-3", "C-4"}
        assert sorted(path.name for path in place.iterdir()) == names
    assert swapping.swap_segments(step, result, lease) == outcome


def test_an_unfinished_file_of_a_dropped_result_is_deleted(lease: Lease, tmp_path: Path) -> None:
    step, result = redaction(tmp_path)
    with cut_at(1, (Path, "replace")), pytest.raises(Killed):
        swapping.swap_segments(step, result, lease)
    assert list((tmp_path / "people").glob(".segment-0000.csv.*"))

    swapping.swap_segments(step, {**result, "details": {"segments": []}}, lease)

    assert not list((tmp_path / "people").glob(".*"))


@pytest.mark.parametrize("where", ["people", "copy"])
def test_rows_that_came_after_the_rewrite_are_not_overwritten(
    lease: Lease, tmp_path: Path, where: str
) -> None:
    copy = write_dataset(tmp_path / "copy")
    step, result = redaction(tmp_path, copy.as_uri())
    append(tmp_path / where, "C-9,eve@example.com,Rome")

    with pytest.raises(ResultOutdatedError, match=r"segment-0000\.csv that were rewritten"):
        swapping.swap_segments(step, result, lease)

    assert customers(tmp_path / where) == {"C-1", "C-2", "C-3", "C-4", "C-9"}


def test_a_segment_that_a_pipeline_wrote_anew_without_the_records_stays(
    lease: Lease, tmp_path: Path
) -> None:
    step, result = redaction(tmp_path)
    write_dataset(tmp_path / "people", [*ROWS[1:], ("C-9", "eve@example.com", "Rome")])

    swapping.swap_segments(step, result, lease)

    assert customers(tmp_path / "people") == {"C-2", "C-3", "C-4", "C-9"}


def append(directory: Path, row: str) -> None:
    """Add a row to the segment that holds Ann's."""
    with (directory / "segment-0000.csv").open("a") as file:
        file.write(f"{row}\r\n")


def test_a_copy_with_other_rows_is_left_to_a_person(lease: Lease, tmp_path: Path) -> None:
    copy = write_dataset(tmp_path / "copy", [("C-1", "ann@example.com", "Berlin")])
    step, result = redaction(tmp_path, copy.as_uri())

    with pytest.raises(JobFailedError, match="a person must delete the records there"):
        swapping.swap_segments(step, result, lease)

    assert customers(copy) == {"C-1"}


def test_a_copy_that_was_recorded_after_the_approval_is_left_to_a_person(
    lease: Lease, tmp_path: Path
) -> None:
    late = write_dataset(tmp_path / "late")
    step, result = redaction(tmp_path)
    step.artifact.attributes["copies"] = [late.as_uri()]
    step.artifact.save()

    with pytest.raises(JobFailedError, match="recorded after the plan was approved"):
        swapping.swap_segments(step, result, lease)

    assert "C-1" in customers(tmp_path / "people") & customers(late)


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
