"""What an artifact was made from and what is itself made: models and synthetic datasets."""

from lineage.graph import ArtifactKind, Relation
from lineage.selectors.synthesis import Synthesis, synthesis_of
from lineage.selectors.training import Training, training_of


def made_from(artifact_id: int) -> frozenset[int]:
    """Name what an artifact was made from, so that it is no cleaner than these are."""
    return made_artifacts_in(training_of(artifact_id), synthesis_of(artifact_id))


def made_artifacts_in(training: Training | None, synthesis: Synthesis | None) -> frozenset[int]:
    """Name the models and synthetic datasets in what is recorded of a making.

    A dataset that only judged a model is none of them.
    """
    found = {synthesis.generator} if synthesis else set()
    if training:
        found |= set(training.base_models)
        found |= {
            use.artifact_id
            for use in training.datasets
            if use.kind == ArtifactKind.SYNTHETIC_DATASET and use.relation != Relation.EVALUATED_ON
        }
    return frozenset(found)
