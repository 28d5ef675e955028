"""What MLflow recorded as observations. Pure: ``lineage.capture.mlflow_reader`` does the reading.

Datasets are found by location and time, never by MLflow's digest, which covers only the first
10,000 rows and differs between experiments.
"""

import hashlib
from collections.abc import Callable, Iterator
from datetime import datetime

from lineage.capture.locations import normalise_location, source_location
from lineage.capture.mlflow_models import base_relation, copies_of, display_name, model_kind
from lineage.capture.mlflow_products import map_products
from lineage.capture.mlflow_state import (
    MODEL_PREFIX,
    SeenDataset,
    SeenModel,
    SeenRun,
    SeenState,
    model_identity,
)
from lineage.capture.observations import (
    ActivityKey,
    Observations,
    ObservedActivity,
    ObservedArtifact,
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
#: Finds the identity of the dataset version at a location as of a time; None if unknown.
Resolve = Callable[[str, datetime | None], str | None]


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
    observed += map_products(state, mapper.corpus)
    observed += Observations(artifacts=tuple(mapper.datasets.values()))
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
            derivations += self._made_from(artifact, run, model)
        return Observations(artifacts=(artifact,), derivations=tuple(derivations))

    def _artifact(self, model: SeenModel, run: SeenRun | None) -> ObservedArtifact:
        run_tags = run.tags if run else {}
        bases = self._bases(model, run) if run else []
        copies = copies_of(model)
        tags = {k: v for k, v in run_tags.items() if k.startswith("vestige.")} | dict(model.tags)
        versions = [v for v in self.state.versions if v.model == model.identity]
        return ObservedArtifact(
            identity=model.identity,
            kind=model_kind(model, base_relation(model, run) if run and bases else None),
            observed_at=self.state.observed_at,
            name=display_name(model, versions),
            digest=tags.get("vestige.digest", ""),
            location=model.location,
            made_by=_key(run.run_id) if run else None,
            occurred_at=model.created_at,
            attributes={
                "model_id": model.model_id,
                "logged_name": model.name,
                "model_type": model.model_type,
                "params": dict(run.params if run else {}) | dict(model.params),
                "tags": tags,
                "versions": [
                    {"name": v.name, "version": v.version, "aliases": list(v.aliases)}
                    for v in versions
                ],
                "missing_run": model.run_id if run is None and model.run_id else False,
                "copies": copies or None,
                "unreadable_copies": copies is None,
            }
            | {key: value for key, value in tags.items() if key.startswith("vestige.")},
        )

    @staticmethod
    def _bases(model: SeenModel, run: SeenRun) -> list[str]:
        """Models that the run built on; the one it replaces has an edge of its own."""
        replaced = {model.tags.get(tag) for tag in SUPERSESSION}
        return [b for b in run.model_inputs if b not in replaced and b != model.model_id]

    def _made_from(
        self, artifact: ObservedArtifact, run: SeenRun, model: SeenModel
    ) -> Iterator[ObservedDerivation]:
        """Edges from the datasets and models that the run read."""
        index = artifact.kind is ArtifactKind.EMBEDDING_INDEX
        edges = [
            (identity, Relation.INDEXES if index and trains else relation)
            for identity, trains in self._inputs(run)
            for relation in [Relation.TRAINED_ON if trains else Relation.EVALUATED_ON]
        ]
        from_base = base_relation(model, run)
        edges += [(model_identity(base), from_base) for base in self._bases(model, run)]
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
        return known or self._unknown(
            location or f"mlflow-source:{dataset.name}/{dataset.source}",
            kind=ArtifactKind.DATASET_VERSION,
            name=dataset.name or location or "dataset without a name",
            location=location,
        )

    def corpus(self, told: str) -> str:
        """Identity of the documents at a place that a product looks up; unknown ones are noted."""
        location = normalise_location(told)
        known = self.resolve(location, self.state.observed_at)
        return known or self._unknown(
            location, kind=ArtifactKind.RETRIEVAL_CORPUS, name=location, location=location
        )

    def _unknown(self, where: str, *, kind: ArtifactKind, name: str, location: str) -> str:
        """Note a place of which nobody said what lies there; returns the identity it gets."""
        identity = f"dataset:location:sha256:{hashlib.sha256(where.encode()).hexdigest()}"
        self.datasets[identity] = ObservedArtifact(
            identity=identity,
            kind=kind,
            observed_at=self.state.observed_at,
            name=name[:300],
            seen=False,
            location=location[:1000],
        )
        return identity

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
                    kind=ArtifactKind.MODEL,
                    observed_at=self.state.observed_at,
                    name=identity.removeprefix(MODEL_PREFIX),
                    seen=False,
                )
                for identity in sorted(named - shown)
                if identity.startswith(MODEL_PREFIX)
            )
        )


def _key(run_id: str) -> ActivityKey:
    return ActivityKey(kind="mlflow_run", external_id=run_id)


def _elapsed(run: SeenRun) -> float | None:
    if run.started_at is None or run.ended_at is None:
        return None
    return (run.ended_at - run.started_at).total_seconds()
