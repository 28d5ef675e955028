"""Destruction: every recorded location, one receipt each, the right ones after a kill anywhere."""

import errno
import os
from importlib import import_module
from pathlib import Path
from uuid import uuid4

import pytest
from django.apps import apps
from django.conf import settings
from django.utils import timezone
from pytest_django import Settings

from examples.company.cache_features import mirror_of
from governance.subjects import subject_digest
from lineage.graph import ArtifactKind
from lineage.models import Artifact, ArtifactState
from lineage.selectors import trace
from lineage.services import load_record_index
from tests.factories import OfficerFactory
from tests.people import ANN, customers, write_dataset
from tests.unlearning.cuts import Killed, cut_at
from unlearning.inventory import UnreadablePlaceError, describe_place, take_inventory
from unlearning.jobs import destruction, running
from unlearning.jobs.guards import why_out_of_bounds
from unlearning.jobs.running import run_job
from unlearning.models import Evidence, Job, JobState, Plan, PlanStep, StepState
from unlearning.places import delete_here, why_out_of_reach
from unlearning.services import draft_plan, retry_plan, start_plan

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def jobs_dir(tmp_path: Path, settings: Settings) -> None:
    settings.JOBS_DIR = tmp_path / "jobs"


def record_cache(directory: Path, *copies: str) -> Artifact:
    """Put a cache of people's rows into the graph and read it."""
    cache = Artifact.objects.create(
        kind=ArtifactKind.CACHE,
        name="features",
        identity="dataset:test/features@v1",
        location=directory.as_uri(),
        occurred_at=timezone.now(),
        attributes={
            "copies": list(copies),
            "record_index": {
                "subject_columns": ["email"],
                "record_id_column": "customer_number",
            },
        },
    )
    load_record_index(dataset_version_id=cache.pk)
    return cache


def started() -> Plan:
    """A started plan about Ann."""
    plan = draft_plan(
        case_id=uuid4(), impact=trace(subject_digest(ANN)), author=OfficerFactory.create()
    )
    start_plan(plan_id=plan.pk)
    return plan


def receipts(plan: Plan) -> list[dict[str, object]]:
    found: list[dict[str, object]] = evidence(plan).payload["receipts"]
    return found


def evidence(plan: Plan) -> Evidence:
    return Evidence.objects.get(plan=plan, kind="artifact_destroyed")


def run(plan: Plan) -> Job:
    job = plan.jobs.get()
    run_job(job_id=job.pk)
    job.refresh_from_db()
    return job


def test_a_cache_is_destroyed_at_every_location_with_a_receipt_each(tmp_path: Path) -> None:
    places = [write_dataset(tmp_path / name) for name in ("cache", "copy")]
    (places[1] / "deeper").mkdir()
    (places[1] / "deeper" / "notes.txt").write_text("ann")
    cache = record_cache(places[0], places[1].as_uri())
    sizes = [sum(f.stat().st_size for f in place.rglob("*") if f.is_file()) for place in places]

    plan = started()
    job = run(plan)

    assert (job.error, plan.steps.get().state) == ("", StepState.DONE)
    assert not any(place.exists() for place in places)
    assert [(r["location"], r["files"], r["bytes"], r["absent"]) for r in receipts(plan)] == [
        (places[0].as_uri(), 3, sizes[0], True),
        (places[1].as_uri(), 4, sizes[1], True),
    ]
    assert all(str(r["digest"]).startswith("sha256:") for r in receipts(plan))
    assert evidence(plan).outcome == "passed"
    cache.refresh_from_db()
    assert cache.state == ArtifactState.DESTROYED
    assert trace(subject_digest(ANN)).records == ()


#: What an attempt does after the inventory is saved, in calls that a kill may come before.
EFFECTS = (
    (Path, "unlink"),
    (Path, "rmdir"),
    (os, "fsync"),
    (destruction, "record_destruction"),
    (running, "destroyed_finding"),
    (running, "finish_job"),
)


@pytest.mark.parametrize("number", range(1, 10))
def test_a_kill_between_any_two_effects_leaves_the_same_receipt(
    tmp_path: Path, number: int
) -> None:
    place = write_dataset(tmp_path / "cache")
    record_cache(place)
    before = take_inventory(place)
    plan = started()
    job = plan.jobs.get()
    with cut_at(number, *EFFECTS), pytest.raises(Killed):
        run_job(job_id=job.pk)
    Job.objects.filter(pk=job.pk, state=JobState.RUNNING).update(state=JobState.QUEUED)

    run_job(job_id=job.pk)

    job.refresh_from_db()
    assert (job.state, job.error, job.attempts) == (JobState.SUCCEEDED, "", 2)
    [receipt] = receipts(plan)
    assert receipt == {"location": place.as_uri(), **before.to_json(), "absent": True}
    assert not place.exists()


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("s3://bucket/features", "files at a s3 location cannot be deleted from here"),
        ("file://archive.example/features", "it lies on another machine, archive.example"),
    ],
)
def test_a_copy_out_of_reach_fails_the_finding_and_stays_in_the_graph(
    tmp_path: Path, location: str, reason: str
) -> None:
    place = write_dataset(tmp_path / "cache")
    cache = record_cache(place, location)

    plan = started()
    run(plan)

    assert not place.exists()
    assert evidence(plan).outcome == "failed"
    assert f"{location}: {reason}" in evidence(plan).summary
    assert [r["absent"] for r in receipts(plan)] == [True, False]
    cache.refresh_from_db()
    assert cache.state == ArtifactState.CURRENT
    assert why_out_of_reach(location) == reason


class Sealed:
    """Files that this machine does not let anybody delete, or folders that nobody may list."""

    def __init__(self, patch: pytest.MonkeyPatch, owner: object, name: str, place: Path) -> None:
        act = getattr(owner, name)

        def refuse(path: Path | str, *arguments: object, **named: object) -> object:
            if Path(path).is_relative_to(place) and self.sealed:
                raise PermissionError(errno.EACCES, "Permission denied", str(path))
            return act(path, *arguments, **named)

        self.sealed = True
        patch.setattr(owner, name, refuse)


def test_a_copy_that_this_machine_does_not_let_us_delete_is_deleted_once_it_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, copy = (write_dataset(tmp_path / name) for name in ("cache", "copy"))
    record_cache(place, copy.as_uri())
    before = take_inventory(copy)
    seal = Sealed(monkeypatch, Path, "unlink", copy)
    plan = started()

    for _ in range(3):
        job = run(plan)

    assert (job.state, plan.steps.get().state) == (JobState.NEEDS_HUMAN, StepState.FAILED)
    assert f"{copy.as_uri()} (Permission denied): let the workers delete" in job.error
    assert (place.exists(), copy.exists()) == (False, True)
    assert not Evidence.objects.filter(plan=plan, kind="artifact_destroyed").exists()

    seal.sealed = False
    retry_plan(plan_id=plan.pk, actor="officer:ann")
    run(plan)

    assert evidence(plan).outcome == "passed"
    assert receipts(plan)[1] == {"location": copy.as_uri(), **before.to_json(), "absent": True}
    assert not copy.exists()


def test_a_folder_that_cannot_be_listed_is_not_taken_for_an_empty_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = write_dataset(tmp_path / "cache")
    inner = place / "inner"
    inner.mkdir()
    described = {"location": place.as_uri(), "path": str(place), "reason": ""}
    seal = Sealed(monkeypatch, os, "scandir", inner)

    with pytest.raises(UnreadablePlaceError, match=f"{place.as_uri()} cannot be read"):
        describe_place(described)
    with pytest.raises(PermissionError):
        delete_here(place)

    seal.sealed = False
    assert describe_place(described)["files"] == 3


def test_a_location_that_was_empty_before_shows_nothing(tmp_path: Path) -> None:
    record_cache(write_dataset(tmp_path / "cache"), (tmp_path / "never").as_uri())

    plan = started()
    run(plan)

    assert evidence(plan).outcome == "inconclusive"
    assert "Nothing was found there to begin with" in evidence(plan).summary


def test_what_another_artifact_lies_in_is_not_deleted(tmp_path: Path) -> None:
    place = write_dataset(tmp_path / "cache")
    record_cache(place)
    inner = write_dataset(place / "inner", [("C-9", "eve@example.com", "Rome")])
    Artifact.objects.create(
        kind=ArtifactKind.LOG, name="a log", identity="dataset:a-log", location=inner.as_uri()
    )

    plan = started()
    run(plan)

    assert inner.is_dir()
    assert evidence(plan).outcome == "failed"
    assert "a log lies there too" in evidence(plan).summary


def test_a_place_that_holds_the_installation_is_not_deleted(tmp_path: Path) -> None:
    record_cache(write_dataset(tmp_path / "cache"), tmp_path.as_uri())

    plan = started()
    run(plan)

    assert (tmp_path / "jobs").is_dir()
    assert "this installation lies there too" in evidence(plan).summary


def test_a_place_inside_the_installation_is_not_deleted(tmp_path: Path, settings: Settings) -> None:
    settings.PRIVATE_PLACES = [tmp_path / "home"]
    keys = tmp_path / "home" / "keys"
    keys.mkdir(parents=True)
    (keys / "pepper").write_text("secret")
    cache = record_cache(write_dataset(tmp_path / "cache"), keys.as_uri())

    plan = started()
    run(plan)

    assert (keys / "pepper").exists()
    assert evidence(plan).outcome == "failed"
    assert "this installation lies there too" in evidence(plan).summary
    cache.refresh_from_db()
    assert cache.state == ArtifactState.CURRENT


def test_a_place_outside_the_named_data_folders_is_not_deleted(
    tmp_path: Path, settings: Settings
) -> None:
    settings.DATA_ROOTS = [tmp_path / "data"]
    copy = write_dataset(tmp_path / "copy")
    record_cache(write_dataset(tmp_path / "data" / "cache"), copy.as_uri())

    plan = started()
    run(plan)

    assert [r["absent"] for r in receipts(plan)] == [True, False]
    assert customers(copy)
    assert "outside the folders that VESTIGE_DATA_ROOTS names" in evidence(plan).summary


def test_the_settings_put_keys_code_and_database_out_of_bounds() -> None:
    for private in (settings.STATE_DIR / "keys" / "x", settings.BASE_DIR / "unlearning", "/etc/x"):
        assert why_out_of_bounds(str(private))
    data = settings.STATE_DIR / "demo" / "data"
    for place in (data / "caches", mirror_of(data), data.parent / "checkpoints" / "income"):
        assert not why_out_of_bounds(str(place))
    assert why_out_of_bounds(str(data.parent / "access.json"))


def test_officers_approve_the_places_that_will_be_emptied(tmp_path: Path) -> None:
    place, copy = (write_dataset(tmp_path / name) for name in ("cache", "copy"))
    record_cache(place, copy.as_uri())

    plan = started()

    assert plan.steps.get().places == [place.as_uri(), copy.as_uri()]
    Artifact.objects.update(attributes={})
    assert started().digest != plan.digest


def test_a_plan_that_was_at_work_before_places_were_kept_goes_on(tmp_path: Path) -> None:
    place = write_dataset(tmp_path / "cache")
    record_cache(place, "s3://bucket/features")
    at_work = started()
    waits = draft_plan(
        case_id=uuid4(), impact=trace(subject_digest(ANN)), author=OfficerFactory.create()
    )
    PlanStep.objects.update(places=[])

    migration = import_module("unlearning.migrations.0003_keep_the_places_of_each_step")
    migration.fill_places_of_started_plans(apps, None)

    assert at_work.steps.get().places == [place.as_uri(), "s3://bucket/features"]
    assert waits.steps.get().places == []


def test_a_place_that_was_recorded_after_the_approval_is_not_deleted(tmp_path: Path) -> None:
    place, late = (write_dataset(tmp_path / name) for name in ("cache", "late"))
    cache = record_cache(place)
    plan = started()
    cache.attributes["copies"] = [late.as_uri()]
    cache.save()

    run(plan)

    assert not place.exists()
    assert customers(late)
    assert evidence(plan).outcome == "failed"
    assert f"{late.as_uri()}: it was recorded after the plan" in evidence(plan).summary
    cache.refresh_from_db()
    assert cache.state == ArtifactState.CURRENT


def test_links_to_elsewhere_are_not_followed(tmp_path: Path) -> None:
    place = write_dataset(tmp_path / "cache")
    record_cache(place)
    elsewhere = tmp_path / "elsewhere.csv"
    elsewhere.write_text("somebody else's")
    (place / "linked.csv").symlink_to(elsewhere)

    plan = started()
    run(plan)

    assert elsewhere.exists()
    assert evidence(plan).outcome == "failed"
    assert "is a link to files elsewhere" in evidence(plan).summary
