"""Artifacts, trainings and samplings as a job reads them: JSON, by location and not by path."""

from typing import Any

from lineage.graph import ArtifactKind
from lineage.models import Artifact
from lineage.selectors import DatasetUse, Synthesis, Training, synthesis_of, training_of
from unlearning.errors import LineageTooDeepError, UnrepeatableTrainingError
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


def why_unrepeatable(artifact_id: int) -> str:
    """Say why no job can repeat how an artifact came to be; empty where one can.

    An artifact without any recorded training is not judged here.
    """
    try:
        training_document(artifact_id)
    except UnrepeatableTrainingError as error:
        return error.detail
    return ""


def training_document(artifact_id: int, depth: int = 0) -> dict[str, Any] | None:
    """Describe the recorded training of an artifact, and of what it was made from.

    Args:
        artifact_id: The artifact.
        depth: How many models lie between it and the artifact that was asked for.

    Returns:
        The training, or None where none was recorded.

    Raises:
        UnrepeatableTrainingError: It is a merge, or the model that it started from cannot be made
            again, or there is more than one. A training without its base would be another training.
        LineageTooDeepError: More models lie behind it than are described.
    """
    training = training_of(artifact_id)
    if training is None:
        return None
    if depth > _MAX_DEPTH:
        raise LineageTooDeepError(
            f"more than {_MAX_DEPTH} models lie behind it, or they lie in a circle; correct what "
            "is recorded of their bases"
        )
    if training.kind == ArtifactKind.MERGED:
        name = Artifact.objects.get(pk=artifact_id).name
        raise UnrepeatableTrainingError(f"{name} is a merge, which is not repeated by machine")
    return {
        "recipe": training.recipe,
        "params": dict(training.params),
        "seed": seed_of(training),
        "seconds": training.seconds,
        "datasets": [_dataset_document(use, depth) for use in training.datasets],
        "base": _base_document(training, depth),
        # Of any other kind, rows that are not recorded are missing, and nothing is repeated.
        "without_rows": training.kind == ArtifactKind.QUANTIZED,
    }


def _base_document(training: Training, depth: int) -> dict[str, Any] | None:
    """Describe the training of the one model that a training started from, if it did.

    Raises:
        UnrepeatableTrainingError: There are several, or no recipe of it is recorded.
    """
    if not training.base_models:
        return None
    rows = Artifact.objects.filter(pk__in=training.base_models).order_by("name")
    names = ", ".join(row.name for row in rows)
    if len(training.base_models) > 1:
        raise UnrepeatableTrainingError(
            f"it was made from several models ({names}), and a training is repeated from one"
        )
    document = training_document(training.base_models[0], depth + 1)
    if document is None or not document["recipe"]:
        raise UnrepeatableTrainingError(
            f"the recipe of {names}, which it was made from, is not recorded"
        )
    return document


def _dataset_document(use: DatasetUse, depth: int) -> dict[str, Any]:
    document = {
        "artifact_id": use.artifact_id,
        "kind": use.kind,
        "uri": use.uri,
        "relation": use.relation,
    }
    synthesis = _described_synthesis(use, depth)
    return {**document, "synthesis": synthesis} if synthesis else document


def _described_synthesis(use: DatasetUse, depth: int) -> dict[str, Any] | None:
    """Describe how a dataset was sampled; None where it was not, or where that cannot be repeated.

    A training may read such a dataset as it lies. Where the records reached it, planning treats it
    before whatever was trained on it.

    Raises:
        LineageTooDeepError: More models lie behind it than are described.
    """
    synthesis = (
        synthesis_of(use.artifact_id) if use.kind == ArtifactKind.SYNTHETIC_DATASET else None
    )
    if synthesis is None:
        return None
    try:
        training = training_document(synthesis.generator, depth + 1)
    except LineageTooDeepError:
        raise
    except UnrepeatableTrainingError:
        return None
    return {**_sampling(synthesis), "training": training} if training else None


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
