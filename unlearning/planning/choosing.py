"""Which method treats which artifact: one function a kind."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from lineage.graph import ROW_HOLDERS, TRAINED, ArtifactKind, Influence
from unlearning.planning.models import Decided, choose_for_model
from unlearning.planning.policy import DELETE
from unlearning.planning.steps import quick_step, step_for
from unlearning.planning.values import Alternative, PlannedStep, PlanningArtifact, Uncovered


def choose(
    artifact: PlanningArtifact, by_id: Mapping[int, PlanningArtifact], decided: Decided
) -> PlannedStep | Uncovered:
    """Choose the method for an artifact, or say why none treats it.

    Args:
        artifact: Any affected artifact but a segment.
        by_id: All affected artifacts.
        decided: What was decided of the artifacts that it came from.
    """
    if artifact.kind in TRAINED:
        return choose_for_model(artifact, by_id, decided)
    if artifact.kind is ArtifactKind.SYNTHETIC_DATASET:
        return _for_synthetic(artifact, decided)
    return _CHOICES[artifact.kind](artifact)


def _for_synthetic(artifact: PlanningArtifact, decided: Decided) -> PlannedStep:
    if why := _why_not_again(artifact, decided):
        destroyed = quick_step(artifact, "artifact_destruction", f"Destroyed: {why}.")
        return replace(
            destroyed, alternatives=(Alternative(method="synthetic_regeneration", reason=why),)
        )
    again = step_for(
        artifact,
        "synthetic_regeneration",
        2.0,
        "fixed estimate; its generator's training is a step of its own",
        "Sampled anew, by the recorded recipe and seed, from the generator made without the "
        "records.",
    )
    reason = "its owner's policy is to regenerate it, and its generator is made again exactly"
    return replace(again, alternatives=(Alternative(method="artifact_destruction", reason=reason),))


def _why_not_again(artifact: PlanningArtifact, decided: Decided) -> str:
    """Say why a synthetic dataset cannot, or shall not, be sampled anew; empty where it can."""
    synthesis = artifact.synthesis
    if synthesis is None or not synthesis.recipe:
        return "how it was sampled is not recorded, so it cannot be sampled anew"
    if synthesis.policy == DELETE:
        return "its owner's policy is to delete it"
    generator = decided.get(synthesis.generator)
    if generator is None:
        return "its generator is not affected, so the records came to it in a way unknown"
    if not isinstance(generator, PlannedStep) or generator.guarantee_class != "exact":
        return "its generator is not made again by an exact method"
    return ""


def _for_index(artifact: PlanningArtifact) -> PlannedStep | Uncovered:
    if Influence.CONTENT not in artifact.influence:
        reason = "the index holds no vector of the records; only its encoder saw them"
        return Uncovered(artifact=artifact.id, reason=reason)
    return quick_step(artifact, "vector_removal", "The index holds vectors of the records.")


def _for_rows(artifact: PlanningArtifact) -> PlannedStep | Uncovered:
    if artifact.by_hand:
        return _left_to_a_person(artifact)
    return quick_step(artifact, "source_row_deletion", "It holds rows of the records.")


def _for_source(artifact: PlanningArtifact) -> Uncovered:
    reason = (
        "a source is a system of its own, which nothing is deleted in from here; a person must "
        "delete the records there, or the next extraction brings them back"
    )
    return Uncovered(artifact=artifact.id, reason=reason)


def _left_to_a_person(artifact: PlanningArtifact) -> Uncovered:
    reason = f"{artifact.by_hand}; a person must delete the records there"
    return Uncovered(artifact=artifact.id, reason=reason)


def _for_cache(artifact: PlanningArtifact) -> PlannedStep | Uncovered:
    if artifact.by_hand and (artifact.feeds_training or not _of_files(artifact)):
        return _left_to_a_person(artifact)
    if artifact.feeds_training:
        reason = "It holds rows of the records; a model is trained on the others, so they stay."
        return quick_step(artifact, "source_row_deletion", reason)
    reason = "It holds copies of the records and can be filled anew from the data that remain."
    return quick_step(artifact, "artifact_destruction", reason)


def _of_files(artifact: PlanningArtifact) -> bool:
    return all(location.startswith("file:") for location in artifact.locations)


def _for_checkpoint(artifact: PlanningArtifact) -> PlannedStep | Uncovered:
    if not {Influence.WEIGHTS, Influence.CONTENT} & set(artifact.influence):
        reason = "the records were used to choose this checkpoint, not to train it"
        return Uncovered(artifact=artifact.id, reason=reason)
    reason = "A state of a training that saw the records; the model made anew does not need it."
    return quick_step(artifact, "artifact_destruction", reason)


def _for_recipient(artifact: PlanningArtifact) -> PlannedStep | Uncovered:
    if not artifact.reachable:
        reason = "no address of this recipient is recorded; a person must find and notify it"
        return Uncovered(artifact=artifact.id, reason=reason)
    reason = "It was given a copy of the records and must be told of the erasure (GDPR Art. 19)."
    return quick_step(artifact, "recipient_notice", reason)


def _for_product(artifact: PlanningArtifact) -> PlannedStep:
    reason = "The product answers from affected artifacts meanwhile."
    return quick_step(artifact, "output_suppression", reason)


#: One line a kind.
_CHOICES: dict[ArtifactKind, Callable[[PlanningArtifact], PlannedStep | Uncovered]] = {
    ArtifactKind.EMBEDDING_INDEX: _for_index,
    ArtifactKind.CHECKPOINT: _for_checkpoint,
    ArtifactKind.RECIPIENT: _for_recipient,
    ArtifactKind.PRODUCT: _for_product,
    **dict.fromkeys(ROW_HOLDERS, _for_rows),
    ArtifactKind.SOURCE: _for_source,
    ArtifactKind.CACHE: _for_cache,
}
