"""The clean base of a fine-tune: published once a plan, and not at all where it was clean."""

import time
from pathlib import Path

import pytest
import torch
from mlflow import MlflowClient
from pytest_django import Settings
from safetensors.torch import save_file

from lineage.graph import ArtifactKind, Relation
from lineage.models import Artifact, Derivation
from lineage.selectors import Training, training_of
from lineage.services import capture_mlflow
from tests.factories import ArtifactFactory, PlanFactory, PlanStepFactory
from unlearning.digests import weights_digest
from unlearning.jobs.publishing import publish_bases
from unlearning.models import PlanStep

pytestmark = [
    pytest.mark.long,
    pytest.mark.django_db,
    # MLflow warns about its own parts; nothing of ours is behind these.
    pytest.mark.filterwarnings("ignore:::mlflow"),
]


def write_weights(folder: Path, value: float) -> Path:
    folder.mkdir(parents=True)
    save_file({"weight": torch.tensor([value])}, folder / "model.safetensors")
    return folder


@pytest.fixture
def base(tracking_server: str, settings: Settings, tmp_path: Path) -> Artifact:
    """A base as MLflow shows it."""
    settings.MLFLOW_TRACKING_URI = tracking_server
    client = MlflowClient(tracking_uri=tracking_server)
    experiment = client.create_experiment(f"bases-{time.monotonic_ns()}")
    run = client.create_run(
        experiment, tags={"vestige.recipe": "shop:training", "vestige.order": "{}"}
    )
    weights = write_weights(tmp_path / "recorded", 1.0)
    model = client.create_logged_model(
        experiment,
        name="base",
        source_run_id=run.info.run_id,
        tags={"vestige.digest": weights_digest(weights)},
    )
    client.log_model_artifacts(model.model_id, str(weights))
    client.finalize_logged_model(model.model_id, "READY")
    client.set_terminated(run.info.run_id, "FINISHED")
    capture_mlflow()
    return Artifact.objects.get(identity=f"mlflow-model:{model.model_id}")


@pytest.fixture
def dependants(base: Artifact) -> list[tuple[PlanStep, Training]]:
    """A fine-tune and a student of the base, in one plan."""
    plan = PlanFactory.create()
    found = []
    for kind, relation in (
        (ArtifactKind.FINE_TUNE, Relation.FINE_TUNED_FROM),
        (ArtifactKind.DISTILLED, Relation.DISTILLED_FROM),
    ):
        model = ArtifactFactory.create(kind=kind)
        Derivation.objects.create(upstream=base, downstream=model, relation=relation)
        training = training_of(model.pk)
        assert training is not None
        found.append((PlanStepFactory.create(plan=plan, artifact=model), training))
    return found


def test_two_dependants_share_one_clean_base(
    dependants: list[tuple[PlanStep, Training]], base: Artifact, tmp_path: Path
) -> None:
    published = []
    for number, (step, training) in enumerate(dependants):
        write_weights(tmp_path / str(number) / "base", 2.0)
        made = publish_bases(step, training, tmp_path / str(number) / "model")
        published.append(made[base.pk])

    assert published[0] == published[1]
    assert published[0].model_id != base.attributes["model_id"]
    assert published[0].version == ""


def test_a_base_that_was_clean_stays_the_base(
    dependants: list[tuple[PlanStep, Training]], base: Artifact, tmp_path: Path
) -> None:
    step, training = dependants[0]
    write_weights(tmp_path / "run" / "base", 1.0)

    published = publish_bases(step, training, tmp_path / "run" / "model")[base.pk]

    assert published.model_id == base.attributes["model_id"]


def test_a_new_training_keeps_the_recipe_but_not_the_order_of_the_old_one(
    dependants: list[tuple[PlanStep, Training]],
    base: Artifact,
    tracking_server: str,
    tmp_path: Path,
) -> None:
    step, training = dependants[0]
    write_weights(tmp_path / "run" / "base", 2.0)

    published = publish_bases(step, training, tmp_path / "run" / "model")[base.pk]

    client = MlflowClient(tracking_uri=tracking_server)
    made_by = client.get_logged_model(published.model_id).source_run_id
    assert made_by is not None
    run = client.get_run(made_by)
    assert run.data.tags["vestige.recipe"] == "shop:training"
    assert "vestige.order" not in run.data.tags


def test_of_a_merge_each_model_is_published_that_was_made_again(
    base: Artifact, tmp_path: Path
) -> None:
    merged = ArtifactFactory.create(kind=ArtifactKind.MERGED)
    bought = ArtifactFactory.create(attributes={"logged_name": "bought"})
    for source in (base, bought):
        Derivation.objects.create(upstream=source, downstream=merged, relation=Relation.MERGED_FROM)
    training = training_of(merged.pk)
    assert training is not None
    for name in ("base", "bought"):
        write_weights(tmp_path / "run" / "base" / name, 2.0)

    published = publish_bases(
        PlanStepFactory.create(artifact=merged), training, tmp_path / "run" / "model"
    )

    # The other one is not known to MLflow, so nothing can take its place there.
    assert set(published) == {base.pk}
    assert published[base.pk].model_id != base.attributes["model_id"]
