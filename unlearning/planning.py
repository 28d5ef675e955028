"""Chooses what shall be done with each affected artifact; a pure function of what is recorded.

Every affected artifact ends either in a step or in the list of what is not covered, with a reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from lineage.graph import ArtifactKind, Influence
from unlearning.methods import METHODS

#: Recorded on a run or a model: the owner allows an approximate method where it is cheaper.
POLICY_TAG = "vestige.policy"
APPROXIMATE_ALLOWED = "approximate_allowed"

#: The guarantee class wanted for each kind of artifact, unless the owner's tag allows another.
POLICY: dict[ArtifactKind, str] = {
    ArtifactKind.CHECKPOINT: "exact",
    ArtifactKind.FINE_TUNE: "exact",
    ArtifactKind.EMBEDDING_INDEX: "storage",
    ArtifactKind.SEGMENT: "storage",
    ArtifactKind.DATASET_VERSION: "storage",
    ArtifactKind.PRODUCT: "suppression",
}

#: An approximate method is planned, and later checked, to take at most this share of a retrain.
APPROXIMATE_SHARE = 0.2
_STORAGE_SECONDS = 2.0
_MODELS = frozenset({ArtifactKind.CHECKPOINT, ArtifactKind.FINE_TUNE})
#: Order of the phases: silence the product first, delete the sources last.
_PHASE = {
    ArtifactKind.PRODUCT: 0,
    ArtifactKind.CHECKPOINT: 1,
    ArtifactKind.FINE_TUNE: 1,
    ArtifactKind.EMBEDDING_INDEX: 2,
    ArtifactKind.DATASET_VERSION: 3,
}


@dataclass(frozen=True, kw_only=True)
class TrainingSummary:
    """What is recorded of how a model was made."""

    #: ``module:callable``, or empty.
    recipe: str
    #: Recorded wall time, None where none was.
    seconds: float | None
    n_shards: int = 1
    n_slices: int = 1


@dataclass(frozen=True, kw_only=True)
class PlanningArtifact:
    """One affected artifact."""

    id: int
    kind: ArtifactKind
    name: str
    influence: tuple[Influence, ...]
    rank: int
    #: None where no training is recorded.
    training: TrainingSummary | None = None
    #: Models this one was trained from.
    base_models: tuple[int, ...] = ()
    #: Segments: the affected dataset versions that they are part of.
    dataset_versions: tuple[int, ...] = ()
    #: Tags of the run and of the artifact.
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class PlanningInput:
    """Everything that planning looks at."""

    artifacts: tuple[PlanningArtifact, ...]


@dataclass(frozen=True, kw_only=True)
class Alternative:
    """A method that was not chosen."""

    method: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class PlannedStep:
    """One method for one artifact."""

    #: From 1, in the order of work.
    ordinal: int
    artifact: int
    method: str
    guarantee_class: str
    #: None where no time is recorded to draw from.
    cost_seconds: float | None
    cost_basis: str
    reason: str
    alternatives: tuple[Alternative, ...] = ()
    #: Ordinals of steps that must be done first; all are smaller.
    depends_on: tuple[int, ...] = ()
    #: Other affected artifacts that this step treats too (a dataset version's segments).
    covers: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Uncovered:
    """An affected artifact that no step treats."""

    artifact: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class PlannedSteps:
    """The plan."""

    steps: tuple[PlannedStep, ...]
    uncovered: tuple[Uncovered, ...]


def plan(request: PlanningInput) -> PlannedSteps:
    """Plan a step for every affected artifact that a method can treat.

    Steps come in topological order: suppression at products, then models (a base before what was
    trained from it), then indexes, then source rows. A step depends on every step of the phases
    before it that it must not overtake.
    """
    by_id = {artifact.id: artifact for artifact in request.artifacts}
    chosen: list[tuple[PlanningArtifact, PlannedStep]] = []
    uncovered: list[Uncovered] = []
    for artifact in sorted(by_id.values(), key=_order):
        if artifact.kind is ArtifactKind.SEGMENT:
            continue
        step = _choose(artifact, by_id)
        if isinstance(step, Uncovered):
            uncovered.append(step)
        else:
            chosen.append((artifact, replace(step, ordinal=len(chosen) + 1)))
    steps = tuple(_linked(artifact, step, chosen, by_id) for artifact, step in chosen)
    reached = {covered for step in steps for covered in step.covers}
    uncovered += [
        Uncovered(artifact=segment.id, reason="no affected dataset version holds this segment")
        for segment in by_id.values()
        if segment.kind is ArtifactKind.SEGMENT and segment.id not in reached
    ]
    return PlannedSteps(steps=steps, uncovered=tuple(uncovered))


def _order(artifact: PlanningArtifact) -> tuple[int, int, int]:
    return (_PHASE.get(artifact.kind, len(_PHASE)), artifact.rank, artifact.id)


def _choose(
    artifact: PlanningArtifact, by_id: Mapping[int, PlanningArtifact]
) -> PlannedStep | Uncovered:
    if artifact.kind in _MODELS:
        return _choose_for_model(artifact, by_id)
    if artifact.kind is ArtifactKind.EMBEDDING_INDEX:
        if Influence.CONTENT not in artifact.influence:
            reason = "the index holds no vector of the records; only its encoder saw them"
            return Uncovered(artifact=artifact.id, reason=reason)
        return _fixed(artifact, "vector_removal", "The index holds vectors of the records.")
    if artifact.kind is ArtifactKind.DATASET_VERSION:
        return _fixed(artifact, "source_row_deletion", "The dataset holds rows of the records.")
    return _fixed(
        artifact, "output_suppression", "The product answers from affected artifacts meanwhile."
    )


def _fixed(artifact: PlanningArtifact, method: str, reason: str) -> PlannedStep:
    return _step(artifact, method, _STORAGE_SECONDS, "fixed estimate; no training", reason)


def _choose_for_model(
    artifact: PlanningArtifact, by_id: Mapping[int, PlanningArtifact]
) -> PlannedStep | Uncovered:
    training = artifact.training
    if Influence.WEIGHTS not in artifact.influence:
        reason = "the records were used to choose this model, not to train it; no method treats it"
        return Uncovered(artifact=artifact.id, reason=reason)
    if training is None or not training.recipe:
        reason = "its training recipe is not recorded, so it cannot be made again"
        return Uncovered(artifact=artifact.id, reason=reason)
    options = _model_options(artifact, training, by_id)
    wanted = POLICY[artifact.kind]
    if artifact.tags.get(POLICY_TAG) == APPROXIMATE_ALLOWED and training.n_shards == 1:
        wanted = "approximate"
    best = next(option for option in options if option.guarantee_class == wanted)
    others = tuple(
        Alternative(method=option.method, reason=_why_not(option, best))
        for option in options
        if option is not best
    )
    return replace(best, alternatives=others)


def _model_options(
    artifact: PlanningArtifact,
    training: TrainingSummary,
    by_id: Mapping[int, PlanningArtifact],
) -> list[PlannedStep]:
    """Return the usable methods, cheapest of each guarantee class first."""
    own = training.seconds
    seconds = _retrain_seconds(artifact, by_id, frozenset())
    options = []
    if training.n_shards > 1 and not artifact.base_models:
        options.append(
            _step(
                artifact,
                "sisa_shard_retrain",
                None if own is None else own / training.n_shards,
                f"recorded training {_spoken(own)} over {training.n_shards} shards",
                "Only the shard that saw the record is trained again; the result is exact.",
            )
        )
    options.append(
        _step(
            artifact,
            "retrain_from_clean_ancestor",
            seconds,
            f"recorded training {_spoken(seconds)}, every model it came from included",
            "Trained again from a clean ancestor; the result is exact.",
        )
    )
    options.append(
        _step(
            artifact,
            "negative_gradient_repair",
            None if own is None else own * APPROXIMATE_SHARE,
            f"at most {APPROXIMATE_SHARE:.0%} of the recorded training {_spoken(own)}",
            "The owner's tag allows an approximate method, at most a fifth of a retrain.",
        )
    )
    return options


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


def _step(
    artifact: PlanningArtifact, method: str, seconds: float | None, basis: str, reason: str
) -> PlannedStep:
    return PlannedStep(
        ordinal=0,
        artifact=artifact.id,
        method=method,
        guarantee_class=METHODS[method].guarantee_class,
        cost_seconds=None if seconds is None else round(seconds, 2),
        cost_basis=basis,
        reason=reason,
    )


def _linked(
    artifact: PlanningArtifact,
    step: PlannedStep,
    chosen: list[tuple[PlanningArtifact, PlannedStep]],
    by_id: Mapping[int, PlanningArtifact],
) -> PlannedStep:
    """Add what the step waits for and which segments it covers."""
    earlier = [pair for pair in chosen if pair[1].ordinal < step.ordinal]
    waits = [other_step.ordinal for other, other_step in earlier if _must_wait(artifact, other)]
    covers = [
        segment.id
        for segment in by_id.values()
        if artifact.kind is ArtifactKind.DATASET_VERSION
        and segment.kind is ArtifactKind.SEGMENT
        and artifact.id in segment.dataset_versions
    ]
    return replace(step, depends_on=tuple(waits), covers=tuple(sorted(covers)))


def _must_wait(artifact: PlanningArtifact, other: PlanningArtifact) -> bool:
    """Suppression comes before all, source rows after all; a fine-tune waits for its base."""
    if other.kind is ArtifactKind.PRODUCT:
        return artifact.kind is not ArtifactKind.PRODUCT
    if artifact.kind is ArtifactKind.DATASET_VERSION:
        return other.kind is not ArtifactKind.DATASET_VERSION
    return other.id in artifact.base_models


def _spoken(seconds: float | None) -> str:
    return "no time recorded" if seconds is None else f"{seconds:.1f} s"
