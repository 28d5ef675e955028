"""Chooses what shall be done with each affected artifact; a pure function of what is recorded.

Every affected artifact ends either in a step or in the list of what is not covered, with a reason.
"""

from collections.abc import Mapping
from dataclasses import replace

from lineage.graph import ROW_HOLDERS, ArtifactKind
from unlearning.planning.choosing import choose
from unlearning.planning.policy import APPROXIMATE_ALLOWED, APPROXIMATE_SHARE, POLICY, POLICY_TAG
from unlearning.planning.steps import TOUCH_NO_FILE
from unlearning.planning.values import (
    Alternative,
    PlannedStep,
    PlannedSteps,
    PlanningArtifact,
    PlanningInput,
    SynthesisSummary,
    TrainingSummary,
    Uncovered,
)

__all__ = [
    "APPROXIMATE_ALLOWED",
    "APPROXIMATE_SHARE",
    "POLICY",
    "POLICY_TAG",
    "TOUCH_NO_FILE",
    "Alternative",
    "PlannedStep",
    "PlannedSteps",
    "PlanningArtifact",
    "PlanningInput",
    "SynthesisSummary",
    "TrainingSummary",
    "Uncovered",
    "plan",
]

#: The phases in their order: silence the products first, tell the recipients at once, make anew
#: what was trained or sampled, then indexes; destroy what is not needed again; the sources last.
_PHASE = {
    "output_suppression": 0,
    "recipient_notice": 1,
    "sisa_shard_retrain": 2,
    "retrain_from_clean_ancestor": 2,
    "negative_gradient_repair": 2,
    "synthetic_regeneration": 2,
    "vector_removal": 3,
    "artifact_destruction": 4,
    "source_row_deletion": 5,
}
#: Phases that begin only when everything before them is done; nobody waits for a notice.
_AFTER_ALL = frozenset({_PHASE["artifact_destruction"], _PHASE["source_row_deletion"]})


def plan(request: PlanningInput) -> PlannedSteps:
    """Plan a step for every affected artifact that a method can treat.

    Steps come in topological order: an artifact comes after everything it was made from, and the
    phases follow each other. A step depends on every step that it must not overtake.
    """
    by_id = {artifact.id: artifact for artifact in request.artifacts}
    decided: dict[int, PlannedStep | Uncovered] = {}
    for artifact in sorted(by_id.values(), key=lambda a: (a.rank, a.id)):
        if artifact.kind is not ArtifactKind.SEGMENT:
            decided[artifact.id] = choose(artifact, by_id, decided)
    chosen = [step for step in decided.values() if isinstance(step, PlannedStep)]
    chosen.sort(key=lambda step: (_PHASE[step.method], by_id[step.artifact].rank, step.artifact))
    numbered = [replace(step, ordinal=number) for number, step in enumerate(chosen, 1)]
    steps = tuple(
        replace(
            step, depends_on=_waits_for(step, numbered, by_id), covers=_segments_of(step, by_id)
        )
        for step in numbered
    )
    uncovered = [item for item in decided.values() if isinstance(item, Uncovered)]
    return PlannedSteps(steps=steps, uncovered=(*uncovered, *_loose_segments(steps, by_id)))


def _waits_for(
    step: PlannedStep, steps: list[PlannedStep], by_id: Mapping[int, PlanningArtifact]
) -> tuple[int, ...]:
    ancestors = by_id[step.artifact].ancestors
    return tuple(
        other.ordinal
        for other in steps
        if other.ordinal < step.ordinal and _must_wait(step, other, ancestors)
    )


def _must_wait(step: PlannedStep, other: PlannedStep, ancestors: tuple[int, ...]) -> bool:
    mine, others = _PHASE[step.method], _PHASE[other.method]
    if others == _PHASE["output_suppression"]:
        return mine != others
    if _PHASE["recipient_notice"] in (mine, others):
        return False
    return others < mine if mine in _AFTER_ALL else other.artifact in ancestors


def _segments_of(step: PlannedStep, by_id: Mapping[int, PlanningArtifact]) -> tuple[int, ...]:
    """Segments of a row holder: what is done to it is done to them."""
    if by_id[step.artifact].kind not in ROW_HOLDERS:
        return ()
    return tuple(
        sorted(
            segment.id
            for segment in by_id.values()
            if segment.kind is ArtifactKind.SEGMENT and step.artifact in segment.dataset_versions
        )
    )


def _loose_segments(
    steps: tuple[PlannedStep, ...], by_id: Mapping[int, PlanningArtifact]
) -> list[Uncovered]:
    """Segments that are treated with no holder of theirs, each with the reason."""
    reached = {covered for step in steps for covered in step.covers}
    return [
        Uncovered(artifact=segment.id, reason=_why_loose(segment, by_id))
        for segment in by_id.values()
        if segment.kind is ArtifactKind.SEGMENT and segment.id not in reached
    ]


def _why_loose(segment: PlanningArtifact, by_id: Mapping[int, PlanningArtifact]) -> str:
    holders = sorted(by_id[pk].name for pk in segment.dataset_versions if pk in by_id)
    if holders:
        return f"it is part of {', '.join(holders)}, which a person must see to"
    return "no affected dataset version holds this segment"
