"""What a job is asked to do, as JSON without secrets and without paths of one machine."""

import hashlib
import json
from collections.abc import Collection, Mapping
from typing import Any

import rfc8785

from governance.subjects import subject_digest
from lineage.graph import ArtifactKind
from lineage.models import Artifact
from lineage.selectors import Training, training_of
from unlearning.models import Plan, PlanStep

#: Deepest chain of fine-tunes that a training is described through.
_MAX_DEPTH = 8


def canonical_digest(value: object) -> str:
    """SHA-256 of the canonical JSON (RFC 8785) of a value, in hexadecimal."""
    return hashlib.sha256(rfc8785.dumps(plain_json(value))).hexdigest()


def public_digest(job_input: Mapping[str, Any]) -> str:
    """Digest a job's input for readers outside, who could otherwise guess record ids by trying."""
    hidden = {**job_input, "record_ids": forget_set_digest(job_input["record_ids"])}
    return canonical_digest(hidden)


def forget_set_digest(record_ids: Collection[str]) -> str:
    """Commit to a forget set under the pepper: customer numbers are few enough to try them all."""
    return subject_digest(json.dumps(sorted(record_ids))).value.hex()


def step_input(step: PlanStep) -> dict[str, Any]:
    """Describe the work of one step."""
    training = training_document(step.artifact_id)
    return {
        "purpose": "step",
        "method": step.method,
        "record_ids": sorted(step.plan.record_ids),
        "artifact": artifact_document(step.artifact),
        "training": training,
        "seed": training["seed"] if training else 0,
    }


def verification_input(plan: Plan) -> dict[str, Any]:
    """Describe the verification of a plan whose steps are all done."""
    steps = list(plan.steps.select_related("artifact").order_by("ordinal"))
    return {
        "purpose": "verification",
        "record_ids": sorted(plan.record_ids),
        "steps": [
            {
                "step_id": step.pk,
                "method": step.method,
                "artifact": artifact_document(step.artifact),
                "after": {
                    "location": step.outcome.get("location", step.artifact.location),
                    "digest": step.outcome.get("digest"),
                    "manifest": step.outcome.get("manifest", {}),
                    "seconds": step.outcome.get("seconds"),
                },
                "training": training_document(step.artifact_id),
            }
            for step in steps
        ],
        "datasets": [
            step.artifact.location
            for step in steps
            if step.artifact.kind == ArtifactKind.DATASET_VERSION
        ],
    }


def promotion_input(plan: Plan) -> dict[str, Any]:
    """Describe the promotion of a verified plan."""
    made = {str(step.pk): step.outcome.get("digest") for step in plan.steps.all()}
    return {"purpose": "promotion", "plan": str(plan.pk), "made": made}


def artifact_document(artifact: Artifact) -> dict[str, Any]:
    """Describe an artifact as it was before the step."""
    return {
        "id": artifact.pk,
        "name": artifact.name,
        "kind": artifact.kind,
        "digest": artifact.digest,
        "location": artifact.location,
    }


def training_document(artifact_id: int, depth: int = 0) -> dict[str, Any] | None:
    """Describe the recorded training of an artifact, and of what it was made from.

    Args:
        artifact_id: The artifact.
        depth: How many fine-tunes lie between it and the artifact that was asked for.

    Returns:
        The training, or None where none was recorded.
    """
    training = training_of(artifact_id)
    if training is None or depth > _MAX_DEPTH:
        return None
    bases = [training_document(base, depth + 1) for base in training.base_models]
    return {
        "recipe": training.recipe,
        "params": dict(training.params),
        "seed": seed_of(training),
        "seconds": training.seconds,
        "datasets": [
            {"artifact_id": dataset.artifact_id, "uri": dataset.uri, "relation": dataset.relation}
            for dataset in training.datasets
        ],
        "base": next((base for base in bases if base is not None), None),
    }


def seed_of(training: Training) -> int:
    """Read the recorded seed; 0 where none was recorded, as MLflow knows no seed of its own."""
    return int(training.params.get("seed", "0"))


def plain_json(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Write integers as text that RFC 8785 (IEEE 754 doubles) cannot hold exactly."""
    if isinstance(value, Mapping):
        return {str(key): plain_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain_json(item) for item in value]
    return str(value) if isinstance(value, int) and abs(value) >= _EXACT else value


#: From here on a double no longer holds every integer.
_EXACT = 2**53
