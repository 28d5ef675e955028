"""Artifacts, trainings and samplings as a job reads them: JSON, by location and not by path."""

from pathlib import Path
from typing import Any

from lineage.graph import RECAST, ArtifactKind
from lineage.models import Artifact
from lineage.selectors import DatasetUse, Synthesis, Training, synthesis_of, training_of
from unlearning.errors import LineageTooDeepError, UnrepeatableTrainingError
from unlearning.models import Plan

#: Deepest chain of models and samplings that a training is described through.
_MAX_DEPTH = 8
#: Models that it takes to make a merge.
_LEAST_MERGED = 2


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
        UnrepeatableTrainingError: A model that it started from cannot be made again; or there are
            several, and it is no merge, or they cannot be told apart by name. A training without
            its base would be another training.
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
    merge = training.kind == ArtifactKind.MERGED
    return {
        "recipe": training.recipe,
        "params": dict(training.params),
        "seed": seed_of(training),
        "seconds": training.seconds,
        "datasets": [_dataset_document(use, depth) for use in training.datasets],
        "base": None if merge else _base_document(training, depth),
        "merged": _merged_documents(training, depth) if merge else {},
        # Of any other kind, rows that are not recorded are missing, and nothing is repeated.
        "without_rows": training.kind in RECAST,
    }


def _merged_documents(training: Training, depth: int) -> dict[str, Any]:
    """Describe the models that a merge brings into one, by the name under which each was logged.

    A merge depends on which model takes which place in it. Names last, ids do not: what is made
    again is logged under the old name.

    Raises:
        UnrepeatableTrainingError: There are fewer than two, they cannot be told apart by name, or
            the recipe of one is not recorded.
    """
    rows = Artifact.objects.filter(pk__in=training.base_models).order_by("name")
    named = {str(row.attributes.get("logged_name") or ""): row for row in rows}
    if len(rows) < _LEAST_MERGED:
        raise UnrepeatableTrainingError(
            "fewer than two of the models that it was merged from are recorded"
        )
    if len(named) < len(rows) or not all(map(_names_a_folder, named)):
        names = ", ".join(row.name for row in rows)
        raise UnrepeatableTrainingError(
            f"the models that it was merged from ({names}) cannot be told apart by the names under "
            "which they were logged"
        )
    return {
        name: _recipe_of(training_document(row.pk, depth + 1), row.name)
        for name, row in sorted(named.items())
    }


def _names_a_folder(name: str) -> bool:
    return bool(name) and name != ".." and Path(name).name == name


def _recipe_of(document: dict[str, Any] | None, names: str) -> dict[str, Any]:
    """Make sure that a description names a recipe.

    Raises:
        UnrepeatableTrainingError: It does not.
    """
    if document is None or not document["recipe"]:
        raise UnrepeatableTrainingError(
            f"the recipe of {names}, which it was made from, is not recorded"
        )
    return document


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
    return _recipe_of(training_document(training.base_models[0], depth + 1), names)


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
