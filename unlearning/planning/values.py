"""What planning looks at, and what a plan is: plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from lineage.graph import ArtifactKind, Influence


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
class SynthesisSummary:
    """What is recorded of how a synthetic dataset was sampled."""

    #: ``module:name``, or empty.
    recipe: str
    #: ``regenerate`` or ``delete``: what its owner wants done with it.
    policy: str
    #: Artifact that it was sampled from.
    generator: int


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
    #: Models this one was trained from, affected or not.
    base_models: tuple[int, ...] = ()
    #: Models: why what it was made from cannot be made again; empty where it can.
    unrepeatable: str = ""
    #: Affected artifacts that must be treated first: base models, the synthetic datasets that it
    #: was trained on, the generator of a synthetic dataset.
    ancestors: tuple[int, ...] = ()
    #: Segments: the affected row holders that they are part of.
    dataset_versions: tuple[int, ...] = ()
    #: Tags of the run and of the artifact.
    tags: Mapping[str, str] = field(default_factory=dict)
    #: Synthetic datasets: None where nothing is recorded of the sampling.
    synthesis: SynthesisSummary | None = None
    #: Whether an affected model was trained on it, so that its other rows are needed again.
    feeds_training: bool = False
    #: Where its files lie, copies included.
    locations: tuple[str, ...] = ()
    #: Holders of rows: why no job can take rows out of its files; empty where one can.
    by_hand: str = ""
    #: Recipients: whether an address is recorded.
    reachable: bool = False


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
    #: Every place at which files will change; officers approve them with the plan.
    places: tuple[str, ...] = ()
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
