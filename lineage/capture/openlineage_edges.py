"""Edges that an OpenLineage event tells of."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from lineage.capture.facets import Json, facets_of, names_in, objects, value_at
from lineage.capture.mlflow_state import MODEL_PREFIX
from lineage.capture.observations import ActivityKey, ObservedArtifact, ObservedDerivation
from lineage.capture.openlineage_datasets import LONGEST_NAME, dataset_identity, declared
from lineage.graph import ArtifactKind, Relation


def map_derivations(
    event: Json,
    inputs: list[Json],
    outputs: list[Json],
    key: ActivityKey | None,
    at: datetime,
) -> Iterator[ObservedDerivation]:
    """Each output from its explicit sources where stated, else from every input.

    The edges say ``derived_from``; what the output is decides how they are kept
    (:func:`lineage.graph.copy_relation`).
    """
    stated = _stated_by_job(event.get("job") or {})
    versions = {(d["namespace"], d["name"]): dataset_identity(d) for d in inputs}
    for output in outputs:
        own = facets_of(output).get("lineage")
        sources = (
            _sources(own) if own is not None else stated.get((output["namespace"], output["name"]))
        )
        upstream = (
            set(versions.values())
            if sources is None
            else {versions.get(name, _unversioned(name)) for name in sources}
        )
        before = value_at(facets_of(output), "lifecycleStateChange", "previousIdentifier")
        if before is not None:
            upstream |= {_unversioned(name) for name in names_in([before])}
        downstream = dataset_identity(output)
        for identity in sorted(upstream - {downstream}):
            yield ObservedDerivation(
                upstream=identity,
                downstream=downstream,
                relation=Relation.DERIVED_FROM,
                activity=key,
                occurred_at=at,
            )


def map_synthesis(
    datasets: list[Json], key: ActivityKey | None, at: datetime | None
) -> Iterator[ObservedDerivation]:
    """Each synthetic dataset from the model that it was sampled from."""
    for dataset in datasets:
        if generator := generator_of(dataset):
            yield ObservedDerivation(
                upstream=generator,
                downstream=dataset_identity(dataset),
                relation=Relation.SYNTHESIZED_BY,
                activity=key,
                occurred_at=at,
            )


def generator_of(dataset: Json) -> str:
    """Identity of the model that a dataset was sampled from; empty where it was not."""
    synthesis = declared(dataset).synthesis
    return str(synthesis["generator"]) if synthesis else ""


def _unversioned(name: tuple[str, str]) -> str:
    return dataset_identity({"namespace": name[0], "name": name[1]})


def _stated_by_job(job: Json) -> dict[tuple[str, str], set[tuple[str, str]]]:
    """Explicit lineage of the job facet ``lineage``, by target dataset."""
    return {
        name: _sources(entry)
        for entry in objects(value_at(facets_of(job), "lineage", "entries"))
        if entry.get("type") == "DATASET"
        for name in names_in([entry])
    }


def _sources(entry: Json) -> set[tuple[str, str]]:
    """Source datasets of an explicit lineage entry, those of its fields included."""
    fields = entry.get("fields")
    parts = [entry, *objects(list(fields.values()) if isinstance(fields, Mapping) else [])]
    return {
        name
        for part in parts
        for source in objects(part.get("inputs"))
        if source.get("type") == "DATASET"
        for name in names_in([source])
    }


def only_named(
    derivations: tuple[ObservedDerivation, ...], known: list[ObservedArtifact], at: datetime
) -> list[ObservedArtifact]:
    """What the edges name, but the event does not list: datasets, and models kept by MLflow."""
    missing = {d.upstream for d in derivations} - {artifact.identity for artifact in known}
    return [
        ObservedArtifact(
            identity=identity,
            kind=ArtifactKind.MODEL if model else ArtifactKind.DATASET_VERSION,
            observed_at=at,
            name=identity.split(":", 1)[1][-LONGEST_NAME:],
            seen=not model,
        )
        for identity in sorted(missing)
        for model in [identity.startswith(MODEL_PREFIX)]
    ]
