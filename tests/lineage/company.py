"""The whole example company in miniature: its rows, its events and what its MLflow shows.

One row of Ann lies in every holder of rows of the customers' data; her images lie in the digits.
"""

import csv
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from lineage.capture.mlflow_state import (
    SeenDataset,
    SeenModel,
    SeenRegistered,
    SeenRun,
    SeenState,
    SeenVersion,
    model_identity,
)
from lineage.models import Artifact
from lineage.services import load_record_index, receive_event
from lineage.services.mlflow import record_state

Json = dict[str, Any]
NAMESPACE = "shop"
ANN, BOB, EVE = "ann@example.org", "bob@example.org", "eve@example.org"
PREPARED = datetime(2026, 11, 1, tzinfo=UTC)
TRAINED = PREPARED + timedelta(days=1)
FACET = {"_producer": "https://example.org", "_schemaURL": "https://example.org/s.json"}

#: Who has a row in which dataset.
PEOPLE: Mapping[str, tuple[str, ...]] = {
    "adult-v1": (ANN, BOB),
    "adult-v2": (ANN, BOB, EVE),
    "adult-holdout": (EVE,),
    "digits-v1": (ANN, EVE),
    "digits-eval": (ANN, EVE),
    "income-monolithic-log": (ANN, BOB),
    "adult-features": (ANN, BOB),
    "crm": (ANN, BOB),
    "help-desk": (ANN, BOB),
}
SAYS: Mapping[str, Json] = {
    "adult-holdout": {"kind": "evaluation_set"},
    "digits-eval": {"kind": "evaluation_set"},
    "income-monolithic-log": {"kind": "log"},
    "adult-features": {"kind": "cache"},
    "crm": {"kind": "source"},
    "help-desk": {"kind": "retrieval_corpus"},
    "adult-synthetic": {
        "kind": "synthetic_dataset",
        "synthesis": {
            "model": "generator",
            "recipe": "shop.recipes:Sampling",
            "params": {"rows": "100"},
            "seed": 7,
            "policy": "regenerate",
        },
    },
    "lakeside-insights": {
        "kind": "recipient",
        "displayName": "Lakeside Insights",
        "contact": "mailto:privacy@lakeside.example",
    },
}
MADE_FROM = {
    "adult-v1": "crm",
    "help-desk": "crm",
    "adult-v2": "adult-v1",
    "income-monolithic-log": "adult-v1",
    "adult-features": "adult-v1",
    "lakeside-insights": "adult-v2",
}
MADE_UP = "Whose image this is was drawn by lot."


def dataset_facets(data: Path, name: str) -> Json:
    facets: Json = {
        "version": {**FACET, "datasetVersion": "1"},
        "dataSource": {**FACET, "name": name, "uri": (data / name).as_uri()},
    }
    if name in PEOPLE:
        facets["vestige_recordIndex"] = {
            **FACET,
            "format": "csv",
            "subjectColumns": ["email"],
            "recordIdColumn": "record_id",
        }
    if name in SAYS:
        facets["vestige_artifact"] = FACET | SAYS[name]
    if name.startswith("digits"):
        facets["documentation"] = {**FACET, "description": MADE_UP}
    return facets


def event(data: Path, name: str) -> Json:
    """The event of the job that wrote one dataset."""
    source = MADE_FROM.get(name)
    return {
        "eventTime": PREPARED.isoformat(),
        "eventType": "COMPLETE",
        "producer": "https://example.org/pipeline",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": str(uuid5(NAMESPACE_URL, name))},
        "job": {"namespace": NAMESPACE, "name": f"prepare-{name}"},
        "inputs": [{"namespace": NAMESPACE, "name": source, "facets": dataset_facets(data, source)}]
        if source
        else [],
        "outputs": [{"namespace": NAMESPACE, "name": name, "facets": dataset_facets(data, name)}],
    }


def events(data: Path) -> list[Json]:
    return [event(data, name) for name in (*PEOPLE, "adult-synthetic", "lakeside-insights")]


def write_rows(directory: Path, people: tuple[str, ...]) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "segment-0000.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["record_id", "email", "of"])
        writer.writerows((f"{who[:3]}-{directory.name}", who, directory.name) for who in people)


def write_data(data: Path) -> None:
    for name, people in PEOPLE.items():
        write_rows(data / name, people)
    write_synthetic(data, "40,1")


def write_synthetic(data: Path, row: str) -> None:
    directory = data / "adult-synthetic"
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "segment-0000.csv").write_text(f"age,income\n{row}\n", encoding="utf-8")


#: What each model read: datasets with their context, and models.
READS: Mapping[str, tuple[Mapping[str, str], tuple[str, ...]]] = {
    "sisa": ({"adult-v1": "training", "adult-v2": "training", "adult-holdout": "eval"}, ()),
    "monolithic": ({"adult-v1": "training", "adult-holdout": "eval"}, ()),
    "fine-tune": ({"adult-v2": "training"}, ("monolithic",)),
    "student": ({"adult-v1": "training"}, ("monolithic",)),
    "index": ({"adult-v1": "training"}, ("monolithic",)),
    "segments": ({"adult-v1": "training"}, ()),
    "generator": ({"adult-v1": "training"}, ()),
    "on-synthetic": ({"adult-synthetic": "training"}, ()),
    "digits": ({"digits-v1": "training", "digits-eval": "eval"}, ()),
    "reward": ({"adult-v1": "training"}, ()),
    "adapter": ({"adult-v1": "training"}, ("monolithic",)),
    "merged": ({}, ("fine-tune", "student")),
    "quantized": ({}, ("merged",)),
}
#: How the models that a run read went into the one it made; what a model says that it is.
RELATIONS = {
    "student": "distilled_from",
    "adapter": "adapter_of",
    "merged": "merged_from",
    "quantized": "quantized_from",
}
TYPES = {"index": "embedding_index", "reward": "reward_model"}
CHECKPOINT = "digits-epoch-2"


def state(data: Path, *, replaced: Mapping[str, datetime] | None = None) -> SeenState:
    """What MLflow shows once everything is trained.

    Args:
        data: Folder of the datasets.
        replaced: Models that were trained again, each with the moment when that began.
    """
    again = replaced or {}
    made = [(name, "", TRAINED) for name in READS]
    made += [(name, "-2", started) for name, started in again.items()]
    checkpoint = _model(CHECKPOINT, "digits", "checkpoint", TRAINED)
    copies = {"vestige.copies": '["file:///laptop/digits-epoch-2/"]'}
    return SeenState(
        observed_at=max(started for _, _, started in made) + timedelta(hours=1),
        runs=tuple(_run(data, name, mark, started, again) for name, mark, started in made),
        models=(
            *(_trained(name, mark, started) for name, mark, started in made),
            replace(checkpoint, tags=copies),
        ),
        versions=tuple(
            SeenVersion(
                name=name,
                version="2" if mark else "1",
                model=model_identity(name + mark),
                aliases=() if name in again and not mark else ("production",),
            )
            for name, mark, _ in made
        ),
        registered=(
            _product("sisa", "offer-desk", "index", looks_up=data / "help-desk"),
            _product("digits", "digit-reader", ""),
        ),
    )


def _run(
    data: Path, name: str, mark: str, started: datetime, again: Mapping[str, datetime]
) -> SeenRun:
    datasets, bases = READS[name]
    return SeenRun(
        run_id=f"run-{name}{mark}",
        name=f"run-{name}{mark}",
        status="FINISHED",
        started_at=started,
        ended_at=started,
        datasets=tuple(
            SeenDataset(
                name=read, source=json.dumps({"uri": (data / read).as_uri()}), context=context
            )
            for read, context in datasets.items()
        ),
        model_inputs=tuple(base + mark if base in again else base for base in bases),
        tags={"vestige.base_relation": RELATIONS[name]} if name in RELATIONS else {},
    )


def _trained(name: str, mark: str, started: datetime) -> SeenModel:
    model = _model(name + mark, name + mark, TYPES.get(name, ""), started)
    return replace(model, tags={"vestige.retrained_from": name}) if mark else model


def _model(name: str, run: str, model_type: str, created: datetime) -> SeenModel:
    return SeenModel(
        identity=model_identity(name),
        model_id=name,
        name=name,
        location=f"file:///models/{name}",
        created_at=created,
        run_id=f"run-{run}",
        model_type=model_type,
    )


def _product(model: str, name: str, also: str, looks_up: Path | None = None) -> SeenRegistered:
    return SeenRegistered(
        name=model,
        tags={
            "vestige.endpoint": f"http://127.0.0.1/{name}",
            "vestige.product": name,
            "vestige.also_serves": also,
            "vestige.retrieves_from": looks_up.as_uri() if looks_up else "",
        },
    )


def read_announced() -> None:
    """Read what the events announced, as the worker does."""
    for artifact in Artifact.objects.filter(location__startswith="file:"):
        if "record_index" in artifact.attributes or artifact.kind == "synthetic_dataset":
            load_record_index(dataset_version_id=artifact.pk)


def build(data: Path) -> None:
    """The whole company in the graph."""
    write_data(data)
    for body in events(data):
        assert receive_event(event=body).warnings == ()
    record_state(state(data))
    read_announced()
