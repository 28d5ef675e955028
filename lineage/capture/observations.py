"""What a capture source saw: plain values, in any order, with any repetition."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from lineage.graph import ArtifactKind, Relation


@dataclass(frozen=True, kw_only=True)
class ActivityKey:
    """The one name of a run."""

    #: A value of ``lineage.models.ActivityKind``.
    kind: str
    external_id: str


@dataclass(frozen=True, kw_only=True)
class ObservedActivity:
    """A run as a source showed it at one moment; empty fields say nothing."""

    key: ActivityKey
    observed_at: datetime
    name: str
    recipe: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    started_at: datetime | None = None
    ended_at: datetime | None = None
    seconds: float | None = None
    status: str = ""
    #: Identities of the artifacts it read.
    used: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ObservedArtifact:
    """An artifact as a source showed it at one moment; empty fields say nothing."""

    identity: str
    kind: ArtifactKind
    observed_at: datetime
    name: str
    #: False where it was only named by something else (a base model that MLflow does not hold).
    seen: bool = True
    digest: str = ""
    location: str = ""
    #: Key of the run that made it.
    made_by: ActivityKey | None = None
    #: Merged key by key; a value of None says nothing.
    attributes: Mapping[str, object] = field(default_factory=dict)
    #: When it came to be in the world; the earliest observation counts.
    occurred_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class ObservedDerivation:
    """``downstream`` came from ``upstream`` (identities)."""

    upstream: str
    downstream: str
    relation: Relation
    activity: ActivityKey | None = None
    occurred_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class ObservedDeployment:
    """Everything that a product uses at one moment; what it no longer uses has ended."""

    product: str
    observed_at: datetime
    #: Identities of the models and indexes behind it.
    serves: tuple[str, ...]
    #: Identities of the corpora that it looks up to answer.
    retrieves: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Observations:
    """A batch of what was seen."""

    activities: tuple[ObservedActivity, ...] = ()
    artifacts: tuple[ObservedArtifact, ...] = ()
    derivations: tuple[ObservedDerivation, ...] = ()
    deployments: tuple[ObservedDeployment, ...] = ()

    def __add__(self, other: "Observations") -> "Observations":
        return Observations(
            activities=self.activities + other.activities,
            artifacts=self.artifacts + other.artifacts,
            derivations=self.derivations + other.derivations,
            deployments=self.deployments + other.deployments,
        )
