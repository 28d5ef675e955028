"""OpenLineage events (https://openlineage.io, spec 2-0-2) as observations.

An event must have passed :func:`lineage.capture.openlineage_schema.check_event`. Inputs and
outputs become datasets of the kind that the facet ``vestige_artifact`` says; each output is derived
from every input, unless the explicit ``lineage`` facet says from which. Facets that are not mapped
stay in the stored event.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from lineage.capture.facets import Json, text_at
from lineage.capture.observations import ActivityKey, Observations, ObservedActivity
from lineage.capture.openlineage_datasets import (
    LONGEST_NAME,
    dataset_identity,
    facet_warnings,
    map_dataset,
)
from lineage.capture.openlineage_edges import (
    generator_of,
    map_derivations,
    map_synthesis,
    only_named,
)
from lineage.capture.openlineage_schema import parse_time

ENDS = ("COMPLETE", "ABORT", "FAIL")


@dataclass(frozen=True, kw_only=True)
class MappedEvent:
    """What an event says about the graph."""

    observations: Observations
    warnings: tuple[str, ...]
    #: When it happened.
    at: datetime
    #: Identities of the datasets that are finished, as the event names them.
    written: tuple[str, ...]


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
    activity = _activity(event, inputs, outputs, at)
    key = activity.key if activity else None
    artifacts = [map_dataset(d, at, made_by=None, made_at=None) for d in inputs]
    artifacts += [map_dataset(d, at, made_by=key, made_at=at) for d in outputs]
    finished = event.get("eventType", "COMPLETE") == "COMPLETE"
    derivations = (
        *map_derivations(event, inputs, outputs, key, at),
        *map_synthesis(outputs, key, at),
        *map_synthesis(inputs, None, None),
    )
    artifacts += only_named(derivations, artifacts, at)
    return MappedEvent(
        observations=Observations(
            activities=(activity,) if activity else (),
            artifacts=tuple(artifacts),
            derivations=derivations,
        ),
        warnings=tuple(_warnings(event)),
        at=at,
        written=tuple(dataset_identity(d) for d in outputs if finished),
    )


def _activity(
    event: Json, inputs: list[Json], outputs: list[Json], at: datetime
) -> ObservedActivity | None:
    """The run behind a run event; job and dataset events tell of none."""
    if "run" not in event:
        return None
    kind = event.get("eventType", "")
    parent = text_at(event["run"].get("facets"), "parent", "run", "runId")
    return ObservedActivity(
        key=ActivityKey(kind="openlineage_run", external_id=event["run"]["runId"][:200]),
        observed_at=at,
        name=f"{event['job']['namespace']}/{event['job']['name']}"[:LONGEST_NAME],
        tags={"parent_run": parent} if parent else {},
        started_at=at,
        ended_at=at if kind in ENDS else None,
        status=kind,
        used=(
            *(dataset_identity(dataset) for dataset in inputs),
            *(generator for dataset in outputs if (generator := generator_of(dataset))),
        ),
    )


def _warnings(event: Json) -> Iterator[str]:
    """What is unusable of our facets, each with its place in the event."""
    for side in ("inputs", "outputs"):
        for position, dataset in enumerate(event.get(side) or []):
            yield from facet_warnings(dataset, f"/{side}/{position}")
    if "job" not in event:
        yield from facet_warnings(event["dataset"], "/dataset")
