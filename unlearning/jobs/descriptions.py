"""Artifacts, trainings and samplings as a job reads them: JSON, by location and not by path."""

from typing import Any

from lineage.graph import ArtifactKind
from lineage.models import Artifact
from lineage.selectors import DatasetUse, Synthesis, Training, synthesis_of, training_of
from unlearning.models import Plan

#: Deepest chain of models and samplings that a training is described through.
_MAX_DEPTH = 8


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
        depth: How many models lie between it and the artifact that was asked for.

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
        "datasets": [_dataset_document(use, depth) for use in training.datasets],
        "base": next((base for base in bases if base is not None), None),
    }


def _dataset_document(use: DatasetUse, depth: int) -> dict[str, Any]:
    document = {
        "artifact_id": use.artifact_id,
        "kind": use.kind,
        "uri": use.uri,
        "relation": use.relation,
    }
    if use.kind != ArtifactKind.SYNTHETIC_DATASET:
        return document
    synthesis = synthesis_of(use.artifact_id)
    training = training_document(synthesis.generator, depth + 1) if synthesis else None
    if synthesis is None or training is None:
        return document
    return {**document, "synthesis": {**_sampling(synthesis), "training": training}}


def synthesis_document(artifact_id: int, plan: Plan) -> dict[str, Any] | None:
    """Describe how a synthetic dataset was sampled, and from which model it is to be sampled now.

    Returns:
        The sampling with its generator, or None where none was recorded.
    """
    synthesis = synthesis_of(artifact_id)
    if synthesis is None:
        return None
    generator = generator_of(synthesis, plan)
    return {
        **_sampling(synthesis),
        "generator": {
            "artifact_id": generator.pk,
            "digest": generator.digest,
            "location": generator.location,
        },
        "training": training_document(synthesis.generator),
    }


def generator_of(synthesis: Synthesis, plan: Plan) -> Artifact:
    """Find the model to sample from: the one that the plan made of the recorded generator."""
    made = (
        plan.steps.filter(artifact_id=synthesis.generator, outcome__has_key="artifact")
        .values_list("outcome__artifact", flat=True)
        .first()
    )
    return Artifact.objects.get(pk=made or synthesis.generator)


def _sampling(synthesis: Synthesis) -> dict[str, Any]:
    return {
        "recipe": synthesis.recipe,
        "params": dict(synthesis.params),
        "seed": synthesis.seed,
    }


def seed_of(training: Training) -> int:
    """Read the recorded seed; 0 where none was recorded, as MLflow knows no seed of its own."""
    return int(training.params.get("seed", "0"))
