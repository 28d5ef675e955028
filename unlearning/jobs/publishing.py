"""Effects in the world: what a finished step changes outside its own folder, once.

Each function may be called again after a crash at any line, by another worker, and then finds what
was made before. They are called under ``effect_lock`` and check the lease before each effect.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lineage.graph import ArtifactKind
from lineage.models import Artifact
from lineage.selectors import Training, training_of
from lineage.services import capture_mlflow
from unlearning import registry
from unlearning.digests import weights_digest
from unlearning.errors import JobFailedError
from unlearning.jobs.destruction import destroy_copies
from unlearning.jobs.lease import Lease
from unlearning.jobs.locks import effect_lock
from unlearning.jobs.suppression import suppress
from unlearning.jobs.swapping import swap_dataset, swap_segments
from unlearning.models import PlanStep
from unlearning.planning import POLICY_TAG

#: What the step changed: goes into ``PlanStep.outcome``.
Outcome = dict[str, Any]


def publish_step(step: PlanStep, result: Mapping[str, Any], lease: Lease) -> Outcome:
    """Bring a step's result into the world.

    Args:
        step: The step.
        result: What its process left (``unlearning.runner``).
        lease: The right to do so.

    Raises:
        LeaseLostError: Somebody else holds the job now.
    """
    lease.check()
    common = {
        "digest": result.get("digest"),
        "seconds": result.get("seconds"),
        "manifest": result.get("manifest", {}),
        "details": result.get("details", {}),
    }
    return {**common, **_EFFECTS[step.method](step, result, lease)}


def step_key(step: PlanStep) -> str:
    """Name a step outside this database."""
    return f"{step.plan_id}.{step.ordinal}"


def _publish_retrained(step: PlanStep, result: Mapping[str, Any], lease: Lease) -> Outcome:
    return _publish_model(step, result, lease, "vestige.retrained_from")


def _publish_unlearned(step: PlanStep, result: Mapping[str, Any], lease: Lease) -> Outcome:
    return _publish_model(step, result, lease, "vestige.unlearned_from")


def _publish_model(
    step: PlanStep, result: Mapping[str, Any], lease: Lease, supersession_tag: str
) -> Outcome:
    training = training_of(step.artifact_id)
    if training is None or not training.model_id:
        raise JobFailedError(f"MLflow does not know {step.artifact.name}; it cannot be replaced.")
    if not result.get("model_dir"):
        raise JobFailedError(f"The method {step.method} left no model.")
    whole = step.method == "retrain_from_clean_ancestor"
    bases = publish_bases(step, training, Path(result["model_dir"])) if whole else {}
    lease.renew(progress=0.92, message="recording in MLflow")
    published = registry.publish(
        registry.NewVersion(
            step_key=step_key(step),
            old_model_id=training.model_id,
            supersession_tag=supersession_tag,
            model_dir=Path(result["model_dir"]),
            digest=result.get("digest") or "",
            train_seconds=result.get("seconds") if whole else training.seconds,
            unlearn_seconds=float(result.get("seconds") or 0.0),
            model_inputs=tuple(base.model_id for base in bases.values()),
        )
    )
    lease.renew(progress=0.95, message="recorded in MLflow")
    capture_mlflow()
    made = _captured(published)
    return {
        "artifact": made.pk,
        "location": made.location,
        "model_id": published.model_id,
        "run_id": published.run_id,
        "registered_name": published.registered_name,
        "version": published.version,
        "bases": _successors_of_bases(bases),
    }


def _successors_of_bases(bases: Mapping[int, registry.Published]) -> list[Outcome]:
    """Say what took the place of each base; nothing of those that were clean themselves."""
    made = {old: _captured(base).pk for old, base in bases.items()}
    return [{"artifact": new, "of": old} for old, new in made.items() if new != old]


def publish_bases(
    step: PlanStep, training: Training, model_dir: Path
) -> dict[int, registry.Published]:
    """Publish the clean models that one was made again from, so that it can be once more.

    Returns:
        What stands for each base, by the id of the base as it was.
    """
    folder = model_dir.parent / "base"
    places = dict.fromkeys(training.base_models[:1], folder)
    if training.kind == ArtifactKind.MERGED:
        rows = Artifact.objects.filter(pk__in=training.base_models).order_by("pk")
        places = {row.pk: folder / row.attributes["logged_name"] for row in rows}
    found = {base: _publish_base(step, base, place) for base, place in places.items()}
    return {base: published for base, published in found.items() if published is not None}


def _publish_base(step: PlanStep, base: int, base_dir: Path) -> registry.Published | None:
    """Publish one clean base.

    It serves nobody: it gets no registered version. Several steps may have made the same weights,
    of one base or as their own work: they share one model, and no second copy is left behind.
    """
    old = training_of(base)
    if old is None or not old.model_id or not base_dir.is_dir():
        return None
    digest = weights_digest(base_dir)
    if digest == old.digest:
        # It never saw the records: what is recorded is what would be published.
        return registry.Published(
            model_id=old.model_id, run_id=old.run_id, registered_name="", version=""
        )
    if twin := _made_by_plan(step, base, digest):
        return twin
    key = f"{step.plan_id}.base-{base}-{digest.removeprefix('sha256:')[:16]}"
    with effect_lock(key):
        return registry.publish(
            registry.NewVersion(
                step_key=key,
                old_model_id=old.model_id,
                supersession_tag="vestige.retrained_from",
                model_dir=base_dir,
                digest=digest,
                train_seconds=old.seconds,
                unlearn_seconds=old.seconds or 0.0,
                register=False,
                # The owner allowed less for the old base, not for its clean successor.
                tags={POLICY_TAG: "exact"},
            )
        )


def _made_by_plan(step: PlanStep, artifact_id: int, digest: str) -> registry.Published | None:
    """Find what an earlier step of the same plan made of an artifact, if it has this digest."""
    other = step.plan.steps.filter(artifact_id=artifact_id, outcome__digest=digest).first()
    if other is None or not other.outcome.get("model_id"):
        return None
    return registry.Published(
        model_id=other.outcome["model_id"],
        run_id=other.outcome["run_id"],
        registered_name=other.outcome["registered_name"],
        version=other.outcome["version"],
    )


def _captured(published: registry.Published) -> Artifact:
    return Artifact.objects.get(identity=f"mlflow-model:{published.model_id}")


def _notify(_step: PlanStep, _result: Mapping[str, Any], _lease: Lease) -> Outcome:
    """Change nothing: the notice goes out in the transaction that records the step as done."""
    return {}


def _suppress_outputs(step: PlanStep, result: Mapping[str, Any], lease: Lease) -> Outcome:
    return suppress(step, result["details"], lease)


#: One line a method.
_EFFECTS: dict[str, Callable[[PlanStep, Mapping[str, Any], Lease], Outcome]] = {
    "sisa_shard_retrain": _publish_retrained,
    "retrain_from_clean_ancestor": _publish_retrained,
    "negative_gradient_repair": _publish_unlearned,
    "vector_removal": _publish_retrained,
    "source_row_deletion": swap_segments,
    "synthetic_regeneration": swap_dataset,
    "artifact_destruction": destroy_copies,
    "recipient_notice": _notify,
    "output_suppression": _suppress_outputs,
}
