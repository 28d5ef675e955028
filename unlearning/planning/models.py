"""Which method treats a model: exact unless its owner's tag allows less."""

from collections.abc import Mapping
from dataclasses import replace

from lineage.graph import RECAST, ArtifactKind, Influence
from unlearning.methods import METHODS
from unlearning.planning.policy import APPROXIMATE_ALLOWED, APPROXIMATE_SHARE, POLICY, POLICY_TAG
from unlearning.planning.steps import step_for
from unlearning.planning.values import (
    Alternative,
    PlannedStep,
    PlanningArtifact,
    TrainingSummary,
    Uncovered,
)

#: Kinds that are nothing without the models that they were made of.
_MADE_OF_MODELS = RECAST | {ArtifactKind.ADAPTER}
#: What was decided of the artifacts that come before.
Decided = Mapping[int, PlannedStep | Uncovered]


def choose_for_model(
    artifact: PlanningArtifact, by_id: Mapping[int, PlanningArtifact], decided: Decided
) -> PlannedStep | Uncovered:
    """Choose the method for anything with finished weights (``lineage.graph.TRAINED``)."""
    training = artifact.training
    reason = _why_not_again(artifact)
    if reason or training is None:
        return Uncovered(artifact=artifact.id, reason=reason)
    options = _options(artifact, training, by_id)
    wanted = _wanted(artifact, training, options)
    obstacle = _obstacle(artifact, by_id, decided)
    if obstacle and wanted == "exact":
        return Uncovered(artifact=artifact.id, reason=obstacle)
    best = next(option for option in options if option.guarantee_class == wanted)
    others = tuple(
        Alternative(method=option.method, reason=_why_not(option, best))
        for option in options
        if option is not best
    )
    return replace(best, alternatives=others)


def _why_not_again(artifact: PlanningArtifact) -> str:
    """Say why an artifact cannot be made again, whatever was decided of others; empty if it can."""
    if Influence.WEIGHTS not in artifact.influence:
        return "the records were used to choose this model, not to train it; no method treats it"
    if artifact.training is None or not artifact.training.recipe:
        return "its training recipe is not recorded, so it cannot be made again"
    if artifact.kind in _MADE_OF_MODELS and not artifact.base_models:
        return "what it was made of is not recorded, so it cannot be made again"
    return artifact.unrepeatable


def _wanted(
    artifact: PlanningArtifact, training: TrainingSummary, options: list[PlannedStep]
) -> str:
    allowed = artifact.tags.get(POLICY_TAG) == APPROXIMATE_ALLOWED and training.n_shards == 1
    approximate = any(option.guarantee_class == "approximate" for option in options)
    return "approximate" if allowed and approximate else POLICY[artifact.kind]


def _obstacle(
    artifact: PlanningArtifact, by_id: Mapping[int, PlanningArtifact], decided: Decided
) -> str:
    """Say why an artifact that can be made again by itself still cannot; empty where it can."""
    ancestors = [by_id[number] for number in artifact.ancestors if number in by_id]
    for ancestor in ancestors:
        if ancestor.rank >= artifact.rank:
            continue  # a cycle in what is recorded: nothing is made from what comes after it
        if ancestor.kind is ArtifactKind.SYNTHETIC_DATASET:
            step = decided.get(ancestor.id)
            if not isinstance(step, PlannedStep) or step.method != "synthetic_regeneration":
                return (
                    f"{ancestor.name} is destroyed and not sampled anew, so what was trained on it "
                    "cannot be made again"
                )
        elif Influence.WEIGHTS in ancestor.influence:
            if ancestor.training is None or not ancestor.training.recipe:
                return f"the recipe of {ancestor.name}, which it was made from, is not recorded"
            if deeper := _obstacle(ancestor, by_id, decided):
                return deeper
    return ""


def _options(
    artifact: PlanningArtifact, training: TrainingSummary, by_id: Mapping[int, PlanningArtifact]
) -> list[PlannedStep]:
    """Return the usable methods that treat its kind, cheapest of each guarantee class first.

    Shards and repairs stand on rows that stay as they were. Where every row of a synthetic dataset
    is sampled anew, no earlier shard is clean and no forgotten row can be unlearned.
    """
    own = training.seconds
    seconds = _retrain_seconds(artifact, by_id, frozenset())
    rows_change = any(
        by_id[number].kind is ArtifactKind.SYNTHETIC_DATASET
        for number in artifact.ancestors
        if number in by_id
    )
    options = []
    if training.n_shards > 1 and not artifact.base_models and not rows_change:
        options.append(
            step_for(
                artifact,
                "sisa_shard_retrain",
                None if own is None else own / training.n_shards,
                f"recorded training {_spoken(own)} over {training.n_shards} shards",
                "Only the shard that saw the record is trained again; the result is exact.",
            )
        )
    options.append(
        step_for(
            artifact,
            "retrain_from_clean_ancestor",
            seconds,
            f"recorded training {_spoken(seconds)}, every model it came from included",
            "Trained again from a clean ancestor; the result is exact.",
        )
    )
    if not rows_change:
        options.append(
            step_for(
                artifact,
                "negative_gradient_repair",
                None if own is None else own * APPROXIMATE_SHARE,
                f"at most {APPROXIMATE_SHARE:.0%} of the recorded training {_spoken(own)}",
                "The owner's tag allows an approximate method, at most a fifth of a retrain.",
            )
        )
    return [option for option in options if artifact.kind in METHODS[option.method].treats]


def _retrain_seconds(
    artifact: PlanningArtifact, by_id: Mapping[int, PlanningArtifact], seen: frozenset[int]
) -> float | None:
    if artifact.training is None or artifact.training.seconds is None or artifact.id in seen:
        return None
    total = artifact.training.seconds
    for base in artifact.base_models:
        if base not in by_id:
            continue
        more = _retrain_seconds(by_id[base], by_id, seen | {artifact.id})
        if more is None:
            return None
        total += more
    return total


def _why_not(option: PlannedStep, best: PlannedStep) -> str:
    if option.guarantee_class == best.guarantee_class:
        return f"same guarantee, {_spoken(option.cost_seconds)} instead of less"
    if option.guarantee_class == "exact":
        return f"exact, but {_spoken(option.cost_seconds)}; the owner's tag allows less"
    return "approximate; policy wants an exact method for this artifact"


def _spoken(seconds: float | None) -> str:
    return "no time recorded" if seconds is None else f"{seconds:.1f} s"
