"""OpenLineage events (https://openlineage.io, spec 2-0-2) as observations.

An event must have passed :func:`lineage.capture.openlineage_schema.check_event`. Inputs and
outputs become dataset versions; each output is derived from every input, unless the explicit
``lineage`` facet says from which. Facets that are not mapped stay in the stored event.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lineage.capture.locations import normalise_location
from lineage.capture.observations import (
    ActivityKey,
    Observations,
    ObservedActivity,
    ObservedArtifact,
    ObservedDerivation,
)
from lineage.capture.openlineage_schema import parse_time
from lineage.graph import ArtifactKind, Relation

#: Names that did not fit are replaced by their hash; the clear name stays in the attributes.
LONGEST_IDENTITY = 500
LONGEST_NAME = 300
#: Our facet on a dataset: its rows are people's records (format, subjectColumns, recordIdColumn).
RECORD_INDEX_FACET = "vestige_recordIndex"
ENDS = ("COMPLETE", "ABORT", "FAIL")

#: An event, or a part of it, after the check.
Json = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class MappedEvent:
    """What an event says about the graph."""

    observations: Observations
    warnings: tuple[str, ...]
    #: Identities of dataset versions that are finished and whose rows shall be read.
    to_index: tuple[str, ...]


def map_event(event: Json) -> MappedEvent:
    """Map one checked event.

    Args:
        event: A run, job or dataset event.
    """
    at = parse_time(event["eventTime"])
    if at is None:
        raise ValueError("the event was not checked: eventTime")
    inputs = event.get("inputs") or []
    outputs = event.get("outputs") or []
    if "job" not in event:
        outputs = [event["dataset"]]
    activity = _activity(event, inputs, at)
    key = activity.key if activity else None
    artifacts = [_dataset(d, at, made_by=None, made_at=None) for d in inputs]
    artifacts += [_dataset(d, at, made_by=key, made_at=at) for d in outputs]
    finished = event.get("eventType", "COMPLETE") == "COMPLETE"
    derivations = tuple(_derivations(event, inputs, outputs, key, at))
    artifacts += _only_named(derivations, artifacts, at)
    return MappedEvent(
        observations=Observations(
            activities=(activity,) if activity else (),
            artifacts=tuple(artifacts),
            derivations=derivations,
        ),
        warnings=tuple(_warnings(outputs)),
        to_index=tuple(
            dataset_identity(d)
            for d in outputs
            if finished and record_index(_facets(d).get(RECORD_INDEX_FACET)) is not None
        ),
    )


def dataset_identity(dataset: Json) -> str:
    """The one name of a dataset version: ``dataset:<namespace>/<name>@<version>``.

    A dataset without the ``version`` facet is one node for all times, which at worst lists too
    much as affected.
    """
    version = _text(_facets(dataset), "version", "datasetVersion")
    wanted = f"dataset:{dataset['namespace']}/{dataset['name']}@{version or 'unversioned'}"
    if len(wanted) <= LONGEST_IDENTITY:
        return wanted
    return f"dataset:sha256:{hashlib.sha256(wanted.encode()).hexdigest()}"


def record_index(facet: object) -> dict[str, object] | None:
    """The facet ``vestige_recordIndex`` in the words of the graph; None where it is unusable."""
    if not isinstance(facet, Mapping) or facet.get("format") != "csv":
        return None
    columns = facet.get("subjectColumns")
    record_id = facet.get("recordIdColumn")
    if not isinstance(columns, list) or not columns or not isinstance(record_id, str):
        return None
    if not all(isinstance(column, str) for column in columns):
        return None
    return {"format": "csv", "subject_columns": columns, "record_id_column": record_id}


def _facets(owner: Json) -> dict[str, Any]:
    """Facets that are in force; ``_deleted: true`` takes one away."""
    return {
        name: facet
        for name, facet in (owner.get("facets") or {}).items()
        if not facet.get("_deleted")
    }


def _activity(event: Json, inputs: list[Json], at: datetime) -> ObservedActivity | None:
    """The run behind a run event; job and dataset events tell of none."""
    if "run" not in event:
        return None
    kind = event.get("eventType", "")
    parent = _text(event["run"].get("facets"), "parent", "run", "runId")
    return ObservedActivity(
        key=ActivityKey(kind="openlineage_run", external_id=event["run"]["runId"][:200]),
        observed_at=at,
        name=f"{event['job']['namespace']}/{event['job']['name']}"[:LONGEST_NAME],
        tags={"parent_run": parent} if parent else {},
        started_at=at,
        ended_at=at if kind in ENDS else None,
        status=kind,
        used=tuple(dataset_identity(dataset) for dataset in inputs),
    )


def _dataset(
    dataset: Json, at: datetime, *, made_by: ActivityKey | None, made_at: datetime | None
) -> ObservedArtifact:
    facets = _facets(dataset)
    version = _text(facets, "version", "datasetVersion")
    name = str(dataset["name"])
    return ObservedArtifact(
        identity=dataset_identity(dataset),
        kind=ArtifactKind.DATASET_VERSION,
        observed_at=at,
        name=(f"{name}@{version}" if version else name)[-LONGEST_NAME:],
        location=_location(dataset, facets),
        made_by=made_by,
        occurred_at=made_at,
        attributes={
            "namespace": dataset["namespace"],
            "dataset": name,
            "version": version or None,
            "record_index": record_index(facets.get(RECORD_INDEX_FACET)),
            "lifecycle": _text(facets, "lifecycleStateChange", "lifecycleStateChange"),
            "symlinks": _at(facets, "symlinks", "identifiers"),
        },
    )


def _location(dataset: Json, facets: Json) -> str:
    """The URI of the data source where it names a place, else namespace and name."""
    uri = _text(facets, "dataSource", "uri")
    if "/" in uri:
        return normalise_location(uri)[:1000]
    namespace, name = str(dataset["namespace"]), str(dataset["name"])
    if namespace == "file" or namespace.startswith("file:"):
        return normalise_location(name if name.startswith("/") else f"file:///{name}")[:1000]
    return normalise_location(f"{namespace}/{name}")[:1000]


def _derivations(
    event: Json,
    inputs: list[Json],
    outputs: list[Json],
    key: ActivityKey | None,
    at: datetime,
) -> Iterator[ObservedDerivation]:
    """Each output from its explicit sources where stated, else from every input."""
    stated = _stated_by_job(event.get("job") or {})
    versions = {(d["namespace"], d["name"]): dataset_identity(d) for d in inputs}
    for output in outputs:
        own = _facets(output).get("lineage")
        sources = (
            _sources(own) if own is not None else stated.get((output["namespace"], output["name"]))
        )
        upstream = (
            set(versions.values())
            if sources is None
            else {versions.get(name, _unversioned(name)) for name in sources}
        )
        before = _at(_facets(output), "lifecycleStateChange", "previousIdentifier")
        if before is not None:
            upstream |= {_unversioned(name) for name in _names([before])}
        downstream = dataset_identity(output)
        for identity in sorted(upstream - {downstream}):
            yield ObservedDerivation(
                upstream=identity,
                downstream=downstream,
                relation=Relation.DERIVED_FROM,
                activity=key,
                occurred_at=at,
            )


def _unversioned(name: tuple[str, str]) -> str:
    return dataset_identity({"namespace": name[0], "name": name[1]})


def _stated_by_job(job: Json) -> dict[tuple[str, str], set[tuple[str, str]]]:
    """Explicit lineage of the job facet ``lineage``, by target dataset."""
    return {
        name: _sources(entry)
        for entry in _objects(_at(_facets(job), "lineage", "entries"))
        if entry.get("type") == "DATASET"
        for name in _names([entry])
    }


def _sources(entry: Json) -> set[tuple[str, str]]:
    """Source datasets of an explicit lineage entry, those of its fields included."""
    fields = entry.get("fields")
    parts = [entry, *_objects(list(fields.values()) if isinstance(fields, Mapping) else [])]
    return {
        name
        for part in parts
        for source in _objects(part.get("inputs"))
        if source.get("type") == "DATASET"
        for name in _names([source])
    }


def _names(objects: list[Any]) -> set[tuple[str, str]]:
    """Namespace and name of those objects that have both."""
    return {
        (_text(item, "namespace"), _text(item, "name"))
        for item in _objects(objects)
        if _text(item, "name")
    }


def _objects(value: object) -> list[Json]:
    """The JSON objects in a list; anything else is passed over, as facets may hold anything."""
    return [v for v in value if isinstance(v, Mapping)] if isinstance(value, list) else []


def _at(value: object, *keys: str) -> Any:  # noqa: ANN401 - JSON is any value
    """Follow keys through nested objects; None where the shape is another."""
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _text(value: object, *keys: str) -> str:
    """Follow keys to a string; empty where there is none."""
    found = _at(value, *keys)
    return found if isinstance(found, str) else ""


def _only_named(
    derivations: tuple[ObservedDerivation, ...], known: list[ObservedArtifact], at: datetime
) -> list[ObservedArtifact]:
    """Datasets that explicit lineage names, but the event does not list."""
    missing = {d.upstream for d in derivations} - {artifact.identity for artifact in known}
    return [
        ObservedArtifact(
            identity=identity,
            kind=ArtifactKind.DATASET_VERSION,
            observed_at=at,
            name=identity.removeprefix("dataset:")[-LONGEST_NAME:],
        )
        for identity in sorted(missing)
    ]


def _warnings(outputs: list[Json]) -> Iterator[str]:
    for position, output in enumerate(outputs):
        facet = _facets(output).get(RECORD_INDEX_FACET)
        if facet is not None and record_index(facet) is None:
            yield (
                f"/outputs/{position}/facets/{RECORD_INDEX_FACET}: unusable; it needs format csv, "
                "subjectColumns and recordIdColumn. The rows will not be read."
            )
