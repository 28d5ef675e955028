"""What is past its retention term, and what has none."""

import json
from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core.management import call_command
from rest_framework.test import APIClient

from governance.services import issue_api_key
from lineage.capture.mlflow_state import SeenModel, SeenRun, SeenState
from lineage.graph import ArtifactKind
from lineage.models import Artifact
from lineage.selectors import retention
from lineage.services.mlflow import record_state

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 25, 23, 59, tzinfo=UTC)


def keep(name: str, kind: ArtifactKind, until: str = "", **fields: str) -> Artifact:
    attributes = {"vestige.retention_until": until} if until else {}
    return Artifact.objects.create(
        kind=kind, name=name, identity=name, attributes=attributes, **fields
    )


def test_what_is_past_its_term_is_listed_with_its_days_the_longest_overdue_first() -> None:
    checkpoint, dataset = ArtifactKind.CHECKPOINT, ArtifactKind.DATASET_VERSION
    keep("until today", checkpoint, "2026-11-25")
    keep("until yesterday", checkpoint, "2026-11-24")
    keep("superseded long ago", dataset, "2026-10-26", state="superseded")
    keep("destroyed", checkpoint, "2026-01-01", state="destroyed")
    keep("a model", ArtifactKind.MODEL, "2026-11-23")

    found = retention(NOW)

    assert [(item.name, item.days_over) for item in found.past_term] == [
        ("superseded long ago", 30),
        ("a model", 2),
        ("until yesterday", 1),
    ]
    assert found.no_term_recorded == ()


def test_checkpoints_and_datasets_without_a_term_are_listed_apart() -> None:
    for kind in (
        ArtifactKind.CHECKPOINT,
        ArtifactKind.CACHE,
        ArtifactKind.SYNTHETIC_DATASET,
        ArtifactKind.MODEL,
        ArtifactKind.SEGMENT,
    ):
        keep(kind, kind)
    keep("unreadable term", ArtifactKind.CHECKPOINT, "in spring")

    assert [item.name for item in retention(NOW).no_term_recorded] == [
        "checkpoint",
        "cache",
        "synthetic_dataset",
        "unreadable term",
    ]


def test_a_checkpoint_takes_its_term_from_its_own_tag_or_from_that_of_its_run() -> None:
    models = [
        SeenModel(
            identity=f"mlflow-model:{name}",
            model_id=name,
            name=name,
            location=f"file:///models/{name}",
            created_at=NOW,
            run_id="run",
            model_type="checkpoint",
            tags=tags,
        )
        for name, tags in (("own", {"vestige.retention_until": "2026-11-20"}), ("of the run", {}))
    ]
    run = SeenRun(
        run_id="run",
        name="run",
        status="FINISHED",
        started_at=NOW,
        ended_at=NOW,
        tags={"vestige.retention_until": "2026-11-23"},
    )
    record_state(SeenState(observed_at=NOW, runs=(run,), models=tuple(models)))

    found = retention(NOW).past_term
    assert [(item.name, item.days_over) for item in found] == [("own", 5), ("of the run", 2)]


def test_both_lists_are_had_over_http_with_a_reading_key() -> None:
    keep("epoch-2", ArtifactKind.CHECKPOINT, "2020-01-01")
    _, key = issue_api_key(name="operations", scopes=["lineage:read"])
    client = APIClient()
    assert client.get("/api/v1/lineage/retention").status_code == 401

    client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    document = client.get("/api/v1/lineage/retention").json()

    (item,) = document["past_term"]
    assert (item["name"], item["until"]) == ("epoch-2", "2020-01-01")

    stream = client.get("/api/v1/lineage/retention", headers={"accept": "application/x-ndjson"})
    lines = [json.loads(line) for line in b"".join(stream).splitlines()]
    assert lines == [{"past_term": item}, {"end": {"past_term": 1, "no_term_recorded": 0}}]


def test_the_command_prints_both_lists() -> None:
    keep("epoch-2", ArtifactKind.CHECKPOINT, "2020-01-01", location="file:///models/epoch-2")
    keep("epoch-4", ArtifactKind.CHECKPOINT)
    out, as_json = StringIO(), StringIO()

    call_command("retention", stdout=out)
    call_command("retention", "--json", stdout=as_json)

    assert "Past their term, to be destroyed: 1" in out.getvalue()
    assert "days over; file:///models/epoch-2" in out.getvalue()
    assert "No term recorded: 1" in out.getvalue()
    document = json.loads(as_json.getvalue())
    assert document["past_term"][0]["until"] == "2020-01-01"
    assert [item["name"] for item in document["no_term_recorded"]] == ["epoch-4"]
