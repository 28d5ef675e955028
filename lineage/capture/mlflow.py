"""What MLflow recorded as observations. Pure: ``lineage.capture.mlflow_reader`` does the reading.

Datasets are found by location and time, never by MLflow's digest, which covers only the first
10,000 rows and differs between experiments.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from lineage.capture.locations import source_location
from lineage.capture.observations import (
    ActivityKey,
    Observations,
    ObservedActivity,
    ObservedArtifact,
    ObservedDeployment,
    ObservedDerivation,
)
from lineage.graph import ArtifactKind, Relation

#: Dataset contexts that select or judge a model instead of training it; any other one trains.
EVALUATION_CONTEXTS = frozenset(
    {"eval", "evaluation", "holdout", "test", "testing", "valid", "validation"}
)
#: Logged-model tags that close the loop, and the edge each of them means.
SUPERSESSION = {
    "vestige.retrained_from": Relation.RETRAINED_FROM,
    "vestige.unlearned_from": Relation.UNLEARNED_FROM,
}
PRODUCTION = "production"
#: Finds the identity of the dataset version at a location as of a time; None if unknown.
Resolve = Callable[[str, datetime | None], str | None]


@dataclass(frozen=True, kw_only=True)
class SeenDataset:
    """A dataset input of a run."""

    name: str
    #: JSON as MLflow keeps it.
    source: str
    #: Value of the tag ``mlflow.data.context``, or empty.
    context: str = ""


@dataclass(frozen=True, kw_only=True)
class SeenRun:
    """An active run."""

    run_id: str
    name: str
    status: str
    started_at: datetime | None
    ended_at: datetime | None
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    #: Metric ``train_seconds`` where it was logged.
    train_seconds: float | None = None
    datasets: tuple[SeenDataset, ...] = ()
    model_inputs: tuple[str, ...] = ()
    model_outputs: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SeenModel:
    """A logged model, or a registered version from the time before logged models."""

    identity: str
    model_id: str
    name: str
    location: str
    created_at: datetime | None
    #: Run that made it, or empty.
    run_id: str = ""
    model_type: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class SeenVersion:
    """A version of a registered model."""

    name: str
    version: str
    #: Identity of the model behind it.
    model: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SeenRegistered:
    """A registered model."""

    name: str
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class SeenState:
    """All that MLflow shows at one moment."""

    observed_at: datetime
    runs: tuple[SeenRun, ...] = ()
    models: tuple[SeenModel, ...] = ()
    versions: tuple[SeenVersion, ...] = ()
    registered: tuple[SeenRegistered, ...] = ()


def model_identity(model_id: str) -> str:
    """The one name of a logged model."""
    return f"mlflow-model:{model_id}"


def map_state(state: SeenState, resolve: Resolve) -> Observations:
    """Map everything that MLflow shows.

    Args:
        state: Runs, models and versions of one tracking server.
        resolve: Finds dataset versions by location; those it does not know become nodes without a
            record index, and so a gap.
    """
    mapper = _Mapper(state, resolve)
    observed = Observations(activities=tuple(mapper.activities()))
    for model in state.models:
        observed += mapper.model(model)
    observed += Observations(artifacts=tuple(mapper.datasets.values()))
    observed += mapper.products()
    return observed + mapper.placeholders(observed)


class _Mapper:
    """Walks one state; keeps what several models share."""

    def __init__(self, state: SeenState, resolve: Resolve) -> None:
        self.state = state
        self.resolve = resolve
        self.runs = {run.run_id: run for run in state.runs}
        self.makers = {
            model_identity(model): run for run in state.runs for model in run.model_outputs
        }
        #: Unknown datasets that were met, by identity.
        self.datasets: dict[str, ObservedArtifact] = {}

    def activities(self) -> Iterator[ObservedActivity]:
        """Every run, with what it read."""
        for run in self.state.runs:
            used = [identity for identity, _ in self._inputs(run)]
            yield ObservedActivity(
                key=_key(run.run_id),
                observed_at=self.state.observed_at,
                name=run.name or run.run_id,
                recipe=run.tags.get("vestige.recipe", ""),
                params=run.params,
                tags=run.tags,
                started_at=run.started_at,
                ended_at=run.ended_at,
                seconds=run.train_seconds if run.train_seconds is not None else _elapsed(run),
                status=run.status,
                used=(*used, *(model_identity(model) for model in run.model_inputs)),
            )

    def model(self, model: SeenModel) -> Observations:
        """One model with its edges."""
        run = self.makers.get(model.identity) or self.runs.get(model.run_id)
        artifact = self._artifact(model, run)
        derivations = [
            ObservedDerivation(
                upstream=model_identity(model.tags[tag]),
                downstream=model.identity,
                relation=relation,
                activity=artifact.made_by,
                occurred_at=model.created_at,
            )
            for tag, relation in SUPERSESSION.items()
            if model.tags.get(tag)
        ]
        if run is not None:
            derivations += self._made_from(artifact, run, self._bases(model, run))
        return Observations(artifacts=(artifact,), derivations=tuple(derivations))

    def _artifact(self, model: SeenModel, run: SeenRun | None) -> ObservedArtifact:
        run_tags = run.tags if run else {}
        tags = {k: v for k, v in run_tags.items() if k.startswith("vestige.")} | dict(model.tags)
        versions = [v for v in self.state.versions if v.model == model.identity]
        return ObservedArtifact(
            identity=model.identity,
            kind=_kind(model, bool(run and self._bases(model, run))),
            observed_at=self.state.observed_at,
            name=_display_name(model, versions),
            digest=tags.get("vestige.digest", ""),
            location=model.location,
            made_by=_key(run.run_id) if run else None,
            occurred_at=model.created_at,
            attributes={
                "model_id": model.model_id,
                "model_type": model.model_type,
                "params": dict(run.params if run else {}) | dict(model.params),
                "tags": tags,
                "versions": [
                    {"name": v.name, "version": v.version, "aliases": list(v.aliases)}
                    for v in versions
                ],
                "missing_run": model.run_id if run is None and model.run_id else False,
            }
            | {key: value for key, value in tags.items() if key.startswith("vestige.")},
        )

    @staticmethod
    def _bases(model: SeenModel, run: SeenRun) -> list[str]:
        """Models that the run built on; the one it replaces has an edge of its own."""
        replaced = {model.tags.get(tag) for tag in SUPERSESSION}
        return [b for b in run.model_inputs if b not in replaced and b != model.model_id]

    def _made_from(
        self, artifact: ObservedArtifact, run: SeenRun, bases: list[str]
    ) -> Iterator[ObservedDerivation]:
        """Edges from the datasets and models that the run read."""
        index = artifact.kind is ArtifactKind.EMBEDDING_INDEX
        edges = [
            (identity, Relation.INDEXES if index and trains else relation)
            for identity, trains in self._inputs(run)
            for relation in [Relation.TRAINED_ON if trains else Relation.EVALUATED_ON]
        ]
        edges += [
            (model_identity(base), Relation.EMBEDDED_BY if index else Relation.FINE_TUNED_FROM)
            for base in bases
        ]
        for upstream, relation in edges:
            yield ObservedDerivation(
                upstream=upstream,
                downstream=artifact.identity,
                relation=relation,
                activity=_key(run.run_id),
                occurred_at=run.started_at,
            )

    def _inputs(self, run: SeenRun) -> list[tuple[str, bool]]:
        """Identity of each dataset input, and whether it trained.

        A nested run without inputs of its own read those of its parent.
        """
        seen = {run.run_id}
        source: SeenRun | None = run
        while source is not None and not source.datasets:
            parent = source.tags.get("mlflow.parentRunId", "")
            source = self.runs.get(parent) if parent not in seen else None
            seen.add(parent)
        if source is None:
            return []
        return [
            (self._dataset(dataset, run), dataset.context.lower() not in EVALUATION_CONTEXTS)
            for dataset in source.datasets
        ]

    def _dataset(self, dataset: SeenDataset, run: SeenRun) -> str:
        """Identity of a dataset input; an unknown one is noted."""
        location = source_location(dataset.source)
        known = self.resolve(location, run.started_at) if location else None
        if known is not None:
            return known
        where = location or f"mlflow-source:{dataset.name}/{dataset.source}"
        identity = f"dataset:location:sha256:{hashlib.sha256(where.encode()).hexdigest()}"
        self.datasets[identity] = ObservedArtifact(
            identity=identity,
            kind=ArtifactKind.DATASET_VERSION,
            observed_at=self.state.observed_at,
            name=(dataset.name or location or "dataset without a name")[:300],
            seen=False,
            location=location[:1000],
        )
        return identity

    def products(self) -> Observations:
        """Registered models with an endpoint, and what serves behind it."""
        production = {v.name: v.model for v in self.state.versions if PRODUCTION in v.aliases}
        artifacts, deployments = [], []
        for registered in self.state.registered:
            endpoint = registered.tags.get("vestige.endpoint", "")
            name = registered.tags.get("vestige.product", "")
            if not endpoint or not name:
                continue
            also = registered.tags.get("vestige.also_serves", "").split(",")
            wanted = [registered.name, *(other.strip() for other in also if other.strip())]
            artifacts.append(
                ObservedArtifact(
                    identity=f"product:{name}",
                    kind=ArtifactKind.PRODUCT,
                    observed_at=self.state.observed_at,
                    name=name,
                    location=endpoint,
                    attributes={
                        "registered_models": wanted,
                        "missing_models": [m for m in wanted if m not in production],
                    },
                )
            )
            deployments.append(
                ObservedDeployment(
                    product=f"product:{name}",
                    observed_at=self.state.observed_at,
                    serves=tuple(production[m] for m in wanted if m in production),
                )
            )
        return Observations(artifacts=tuple(artifacts), deployments=tuple(deployments))

    def placeholders(self, observed: Observations) -> Observations:
        """Models that others name, but that MLflow does not show."""
        named = {d.upstream for d in observed.derivations}
        named |= {identity for d in observed.deployments for identity in d.serves}
        named |= {identity for a in observed.activities for identity in a.used}
        shown = {artifact.identity for artifact in observed.artifacts}
        return Observations(
            artifacts=tuple(
                ObservedArtifact(
                    identity=identity,
                    kind=ArtifactKind.CHECKPOINT,
                    observed_at=self.state.observed_at,
                    name=identity.removeprefix("mlflow-model:"),
                    seen=False,
                )
                for identity in sorted(named - shown)
                if identity.startswith("mlflow-model:")
            )
        )


def _key(run_id: str) -> ActivityKey:
    return ActivityKey(kind="mlflow_run", external_id=run_id)


def _elapsed(run: SeenRun) -> float | None:
    if run.started_at is None or run.ended_at is None:
        return None
    return (run.ended_at - run.started_at).total_seconds()


def _kind(model: SeenModel, has_base: bool) -> ArtifactKind:
    if model.model_type == ArtifactKind.EMBEDDING_INDEX.value:
        return ArtifactKind.EMBEDDING_INDEX
    return ArtifactKind.FINE_TUNE if has_base else ArtifactKind.CHECKPOINT


def _display_name(model: SeenModel, versions: list[SeenVersion]) -> str:
    """The registered name and version where there is one: it is what people call the model."""
    newest = max(versions, key=lambda v: (len(v.version), v.version), default=None)
    return f"{newest.name} v{newest.version}" if newest else model.name
