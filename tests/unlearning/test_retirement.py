"""Replaced versions leave a real MLflow server, files and all, and receipts prove it."""

import time
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from pytest_django import Settings

from lineage.graph import ArtifactKind, Relation
from lineage.models import Artifact, ArtifactState, Derivation
from lineage.services import capture_mlflow
from tests.factories import (
    ArtifactFactory,
    JobFactory,
    PlanFactory,
    PlanStepFactory,
    pass_checks,
)
from tests.unlearning.cuts import Killed, cut_at
from unlearning import registry, registry_deletion
from unlearning.inventory import take_inventory
from unlearning.jobs import destruction, retirement
from unlearning.jobs.lease import acquire
from unlearning.jobs.running import run_job
from unlearning.models import Evidence, Job, JobState, PlanStep, StepState

pytestmark = [
    pytest.mark.long,
    pytest.mark.django_db,
    # MLflow warns about its own parts; nothing of ours is behind these.
    pytest.mark.filterwarnings("ignore:::mlflow"),
]


@pytest.fixture
def client(tracking_server: str, settings: Settings, tmp_path: Path) -> MlflowClient:
    settings.MLFLOW_TRACKING_URI = tracking_server
    settings.JOBS_DIR = tmp_path / "jobs"
    return MlflowClient(tracking_uri=tracking_server)


def write_model(folder: Path, content: str) -> Path:
    (folder / "checkpoints").mkdir(parents=True)
    (folder / "model.safetensors").write_text(content)
    (folder / "checkpoints" / "slice-1.safetensors").write_text(f"{content} 1")
    return folder


def log_model(client: MlflowClient, name: str, tmp_path: Path) -> str:
    """Log a model with a run and put it into production under its name."""
    experiment = client.create_experiment(f"{name}-{time.monotonic_ns()}")
    run = client.create_run(experiment)
    model = client.create_logged_model(experiment, name=name, source_run_id=run.info.run_id)
    client.log_model_artifacts(model.model_id, str(write_model(tmp_path / "old", name)))
    client.finalize_logged_model(model.model_id, "READY")
    client.set_terminated(run.info.run_id, "FINISHED")
    client.create_registered_model(name)
    version = client.create_model_version(
        name, source=f"models:/{model.model_id}", model_id=model.model_id
    )
    client.set_registered_model_alias(name, "production", version.version)
    return str(model.model_id)


@pytest.fixture
def promotion(client: MlflowClient, tmp_path: Path) -> Job:
    """A promotion that is due: one model was made anew and published."""
    old_id = log_model(client, f"income-{time.monotonic_ns()}", tmp_path)
    new_dir = write_model(tmp_path / "new", "without the records")
    published = registry.publish(
        registry.NewVersion(
            step_key=f"test.{old_id}",
            old_model_id=old_id,
            supersession_tag="vestige.retrained_from",
            model_dir=new_dir,
            digest="sha256:new",
            train_seconds=1.0,
            unlearn_seconds=1.0,
        )
    )
    capture_mlflow()
    step = PlanStepFactory.create(
        artifact=Artifact.objects.get(identity=f"mlflow-model:{old_id}"),
        state=StepState.DONE,
        outcome={
            "artifact": Artifact.objects.get(identity=f"mlflow-model:{published.model_id}").pk,
            "model_id": published.model_id,
            "registered_name": published.registered_name,
            "version": published.version,
            "digest": "sha256:new",
        },
    )
    pass_checks(step)
    job: Job = JobFactory.create(
        plan=step.plan, step=None, purpose="promotion", input={"purpose": "promotion"}
    )
    return job


def old_of(job: Job) -> Artifact:
    return job.plan.steps.get().artifact


def finding(job: Job) -> Evidence:
    return Evidence.objects.get(plan=job.plan, kind="superseded_destroyed")


def assert_gone(client: MlflowClient, old: Artifact, name: str) -> None:
    model_id = old.attributes["model_id"]
    assert registry_deletion.files_left(old.location) == 0
    with pytest.raises(MlflowException, match="not found"):
        client.get_logged_model(model_id)
    assert [str(v.version) for v in client.search_model_versions(f"name = '{name}'")] == ["2"]
    old.refresh_from_db()
    assert old.state == ArtifactState.DESTROYED


def test_a_replaced_version_is_destroyed_once_the_new_one_serves(
    client: MlflowClient, promotion: Job, tmp_path: Path
) -> None:
    old, expected = old_of(promotion), take_inventory(tmp_path / "old")
    assert old.location.startswith("mlflow-artifacts:")

    run_job(job_id=promotion.pk)

    promotion.refresh_from_db()
    assert (promotion.state, promotion.error) == (JobState.SUCCEEDED, "")
    assert finding(promotion).outcome == "passed"
    assert finding(promotion).payload["receipts"] == [
        {"location": old.location, **expected.to_json(), "absent": True}
    ]
    name = promotion.plan.steps.get().outcome["registered_name"]
    assert_gone(client, old, name)
    assert client.get_model_version_by_alias(name, "production").version == "2"
    assert list((tmp_path / "jobs").iterdir()) == []


#: What is done to the replaced version, in calls that a kill may come before.
EFFECTS = (
    (retirement, "save_result"),
    (registry_deletion, "delete_files"),
    (registry_deletion, "files_left"),
    (MlflowClient, "delete_model_version"),
    (MlflowClient, "delete_logged_model"),
    (destruction, "record_destruction"),
    (retirement, "destroyed_finding"),
)


def test_kills_before_each_effect_leave_the_same_receipt(
    client: MlflowClient, promotion: Job, tmp_path: Path
) -> None:
    """Each attempt gets one effect further than the one before it."""
    old, expected = old_of(promotion), take_inventory(tmp_path / "old")
    for effect in EFFECTS:
        with cut_at(1, effect), pytest.raises(Killed):
            run_job(job_id=promotion.pk)
        Job.objects.filter(pk=promotion.pk).update(state=JobState.QUEUED)

    run_job(job_id=promotion.pk)

    promotion.refresh_from_db()
    assert (promotion.state, promotion.error) == (JobState.SUCCEEDED, "")
    [receipt] = finding(promotion).payload["receipts"]
    assert receipt == {"location": old.location, **expected.to_json(), "absent": True}
    assert_gone(client, old, promotion.plan.steps.get().outcome["registered_name"])


def test_a_version_that_an_alias_points_at_stays_and_the_finding_says_so(
    client: MlflowClient, promotion: Job
) -> None:
    name = promotion.plan.steps.get().outcome["registered_name"]
    client.set_registered_model_alias(name, "pilot", "1")

    run_job(job_id=promotion.pk)

    assert finding(promotion).outcome == "inconclusive"
    assert f"the alias {name}@pilot points at it" in finding(promotion).summary
    assert registry_deletion.files_left(old_of(promotion).location) == 2


def test_a_version_that_another_running_plan_works_from_stays(promotion: Job) -> None:
    old = old_of(promotion)
    PlanStepFactory.create(artifact=old, plan=PlanFactory.create(started_at="2026-01-01T00:00:00Z"))

    run_job(job_id=promotion.pk)

    assert "the plan of another request works from it" in finding(promotion).summary
    assert registry_deletion.files_left(old.location) == 2


def test_a_version_that_a_product_serves_stays(promotion: Job) -> None:
    step: PlanStep = promotion.plan.steps.get()
    Derivation.objects.create(
        upstream=step.artifact,
        downstream=ArtifactFactory.create(kind=ArtifactKind.PRODUCT, name="offer-desk"),
        relation=Relation.DEPLOYED_AS,
    )
    lease = acquire(promotion.pk)
    assert lease is not None

    [kept] = retirement.retire_replaced_versions(promotion, [step], lease)

    assert (kept.outcome, kept.payload["kept_because"]) == (
        "inconclusive",
        "offer-desk still serves it",
    )


def test_a_base_stays_while_an_adapter_in_use_is_laid_over_it(promotion: Job) -> None:
    step: PlanStep = promotion.plan.steps.get()
    adapter = ArtifactFactory.create(kind=ArtifactKind.ADAPTER, name="tone v1")
    Derivation.objects.create(
        upstream=step.artifact, downstream=adapter, relation=Relation.ADAPTER_OF
    )
    lease = acquire(promotion.pk)
    assert lease is not None

    [kept] = retirement.retire_replaced_versions(promotion, [step], lease)

    assert kept.payload["kept_because"] == "tone v1 is laid over it"
