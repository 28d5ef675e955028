"""Effects in the world: what a finished step changes outside its own folder, once.

Each function may be called again after a crash at any line, by another worker, and then finds what
was made before. They are called under ``effect_lock`` and check the lease before each effect.
"""

import os
import secrets
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lineage.models import Artifact
from lineage.selectors import Training, training_of
from lineage.services import capture_mlflow, record_redaction
from unlearning import registry
from unlearning.data import local_path
from unlearning.digests import weights_digest
from unlearning.errors import JobFailedError
from unlearning.jobs.lease import Lease
from unlearning.jobs.suppression import suppress
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
    base = _publish_base(step, training, Path(result["model_dir"])) if whole else None
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
            model_inputs=(base.model_id,) if base else (),
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
        "base": {"artifact": _captured(base).pk, "of": training.base_models[0]} if base else None,
    }


def _publish_base(step: PlanStep, training: Training, model_dir: Path) -> registry.Published | None:
    """Publish the clean base that a fine-tune was retrained from, so that it can be again.

    It serves nobody: it gets no registered version. Where another step of the plan made the same
    weights, that model is the base, and no second copy is left behind.
    """
    base_dir = model_dir.parent / "base"
    old = training_of(training.base_models[0]) if training.base_models else None
    if old is None or not old.model_id or not base_dir.is_dir():
        return None
    digest = weights_digest(base_dir)
    if twin := _made_by_plan(step, training.base_models[0], digest):
        return twin
    return registry.publish(
        registry.NewVersion(
            step_key=f"{step_key(step)}.base",
            old_model_id=old.model_id,
            supersession_tag="vestige.retrained_from",
            model_dir=base_dir,
            digest=digest,
            train_seconds=old.seconds,
            unlearn_seconds=old.seconds or 0.0,
            register=False,
            # The owner allowed an approximate method for the old base, not for its clean successor.
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


def _swap_segments(step: PlanStep, result: Mapping[str, Any], lease: Lease) -> Outcome:
    """Put the rewritten segment files in place of the old ones, each by one rename."""
    directory = local_path(step.artifact.location)
    changed = Path(result["model_dir"]) if result.get("model_dir") else None
    for source in sorted(changed.iterdir()) if changed else ():
        lease.check()
        _replace(source, directory / source.name)
    lease.renew(progress=0.95, message="segments replaced")
    redacted = record_redaction(dataset_version_id=step.artifact_id)
    return {"artifact": redacted.pk, "location": redacted.location}


def _replace(source: Path, target: Path) -> None:
    """Copy beside the target, flush, rename: a reader sees the old file or the new one."""
    beside = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    shutil.copyfile(source, beside)
    with beside.open("rb+") as file:
        os.fsync(file.fileno())
    beside.replace(target)
    descriptor = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _suppress_outputs(step: PlanStep, result: Mapping[str, Any], lease: Lease) -> Outcome:
    return suppress(step, result["details"], lease)


#: One line a method.
_EFFECTS: dict[str, Callable[[PlanStep, Mapping[str, Any], Lease], Outcome]] = {
    "sisa_shard_retrain": _publish_retrained,
    "retrain_from_clean_ancestor": _publish_retrained,
    "negative_gradient_repair": _publish_unlearned,
    "vector_removal": _publish_retrained,
    "source_row_deletion": _swap_segments,
    "output_suppression": _suppress_outputs,
}
