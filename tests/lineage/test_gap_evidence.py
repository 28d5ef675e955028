"""Where the facts come from that gap rules look at: changed content, and what is shown no more."""

import importlib
from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from lineage.capture.mlflow_state import SeenState
from lineage.models import Artifact, ArtifactRevision, Moment
from lineage.selectors import find_gaps
from lineage.services import (
    attempt_reading,
    load_record_index,
    receive_event,
    record_destruction,
    record_redaction,
)
from lineage.services.mlflow import record_state
from tests.lineage import company

pytestmark = pytest.mark.django_db


def found() -> list[tuple[str, str]]:
    return [(gap.rule, gap.artifact) for gap in find_gaps()]


def named(name: str) -> Artifact:
    return Artifact.objects.get(name=name)


def break_rows(data: Path) -> None:
    """Other rows than before, which nobody can read."""
    file = data / "adult-v1" / "segment-0000.csv"
    file.write_bytes(file.read_bytes().replace(b"record_id", b"number"))


def announce_late(data: Path) -> None:
    """An event with a time from before the last reading, as clocks of pipelines have it."""
    receive_event(event=company.event(data, "adult-v1") | {"producer": "https://example.org/again"})


@pytest.fixture
def data(tmp_path: Path) -> Path:
    company.build(tmp_path)
    assert found() == []
    return tmp_path


def test_rows_that_changed_and_cannot_be_read_are_a_gap_until_they_are_read(data: Path) -> None:
    dataset = named("adult-v1@1")
    announce_late(data)
    break_rows(data)
    for _ in range(2):
        attempt_reading(dataset_version_id=dataset.pk)
        assert found() == [("digest_changed", "adult-v1@1")]
    assert "the column record_id is missing" in find_gaps()[0].hides

    company.write_rows(data / "adult-v1", (company.BOB,))
    load_record_index(dataset_version_id=dataset.pk)
    assert found() == []


@pytest.mark.usefixtures("data")
def test_a_reading_that_fails_over_unchanged_rows_says_nothing_of_their_digest() -> None:
    dataset = named("adult-v1@1")
    dataset.attributes["record_index"]["subject_columns"] = ["mail"]
    dataset.save()
    attempt_reading(dataset_version_id=dataset.pk)
    assert found() == []


def test_rows_that_are_out_of_reach_are_not_called_changed(data: Path) -> None:
    for file in (data / "adult-v1").iterdir():
        file.unlink()
    attempt_reading(dataset_version_id=named("adult-v1@1").pk)
    assert found() == []


def test_a_version_that_takes_the_place_does_not_inherit_the_note(data: Path) -> None:
    dataset = named("adult-v1@1")
    break_rows(data)
    announce_late(data)
    attempt_reading(dataset_version_id=dataset.pk)
    company.write_rows(data / "adult-v1", (company.BOB,))
    redacted = record_redaction(dataset_version_id=dataset.pk)
    assert "other_digests" not in redacted.attributes
    # Models that are in use were trained on the old version, whatever it held in between.
    assert found() == [("digest_changed", "adult-v1@1")]


def digests(data: Path, *values: str) -> list[SeenState]:
    """MLflow at some moments, at each with another digest of one model."""
    state = company.state(data)
    return [
        replace(
            state,
            observed_at=state.observed_at + timedelta(hours=hour),
            models=tuple(
                replace(model, tags={**model.tags, "vestige.digest": value})
                if model.name == "sisa"
                else model
                for model in state.models
            ),
        )
        for hour, value in enumerate(values)
    ]


def test_a_model_of_two_digests_is_a_gap_in_whatever_order_they_were_seen(data: Path) -> None:
    first, second = digests(data, "sha256:1", "sha256:2")
    record_state(first)
    record_state(replace(first, observed_at=first.observed_at + timedelta(minutes=1)))
    assert found() == []
    record_state(second)
    assert found() == [("digest_changed", "sisa v1")]

    kept = set()
    for order in permutations([first, second, *digests(data, "sha256:0")]):
        Artifact.objects.filter(name="sisa v1").update(digest="", attributes={}, stamps={})
        for state in order:
            record_state(state)
        model = named("sisa v1")
        kept.add((model.digest, *model.attributes["other_digests"]))
    assert kept == {("sha256:2", "sha256:0", "sha256:1")}


def test_a_model_that_was_destroyed_and_made_again_begins_anew(data: Path) -> None:
    for state in digests(data, "sha256:1", "sha256:2"):
        record_state(state)
    record_destruction(artifact_id=named("sisa v1").pk, receipts=[{"location": "file:///x"}])
    made = timezone.now() + timedelta(hours=1)
    Artifact.objects.filter(name="sisa v1").update(occurred_at=None)
    state = digests(data, "sha256:2")[0]
    models = tuple(replace(m, created_at=made) if m.name == "sisa" else m for m in state.models)
    record_state(replace(state, observed_at=made, models=models))
    assert named("sisa v1").state == "current"
    assert found() == []


def test_what_mlflow_shows_no_longer_is_a_low_gap_after_some_days(data: Path) -> None:
    long_ago = timezone.now() - timedelta(days=settings.UNSEEN_DAYS, minutes=1)
    Artifact.objects.exclude(seen_at=None).update(seen_at=long_ago)
    state = company.state(data)
    gone = {"segments", "digits"}
    record_state(
        replace(
            state,
            models=tuple(model for model in state.models if model.name not in gone),
            registered=tuple(one for one in state.registered if one.name not in gone),
        )
    )
    assert found() == [
        ("artifact_unseen", "digit-reader"),
        ("artifact_unseen", "digits v1"),
        ("artifact_unseen", "segments v1"),
    ]
    assert {gap.severity for gap in find_gaps()} == {"low"}
    record_state(state)
    assert found() == []


@pytest.mark.usefixtures("data")
def test_what_no_living_source_shows_is_never_waited_for() -> None:
    stamped = set(Artifact.objects.exclude(seen_at=None).values_list("kind", flat=True))
    assert {"model", "checkpoint", "product"} <= stamped
    assert not stamped & {"dataset_version", "segment", "recipient", "synthetic_dataset"}


def test_a_stamp_writes_no_history_and_is_renewed_once_an_hour(data: Path) -> None:
    record_state(company.state(data))
    held = (Moment.objects.count(), ArtifactRevision.objects.count())
    stamped = named("sisa v1").seen_at
    record_state(company.state(data))
    assert named("sisa v1").seen_at == stamped
    earlier = timezone.now() - timedelta(hours=2)
    Artifact.objects.filter(name="sisa v1").update(seen_at=earlier)
    record_state(company.state(data))
    renewed = named("sisa v1").seen_at
    assert renewed is not None
    assert renewed > earlier
    assert (Moment.objects.count(), ArtifactRevision.objects.count()) == held


@pytest.mark.usefixtures("data")
def test_for_what_was_captured_before_the_time_begins_with_the_migration() -> None:
    stamped = set(Artifact.objects.exclude(seen_at=None).values_list("name", flat=True))
    Artifact.objects.update(seen_at=None)
    migration = importlib.import_module("lineage.migrations.0010_stamp_when_artifacts_were_seen")
    with connection.cursor() as cursor:
        cursor.execute(migration.BEGIN)
    begun = Artifact.objects.exclude(seen_at=None)
    assert set(begun.values_list("name", flat=True)) == stamped
