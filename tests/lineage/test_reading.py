"""An announced dataset is read whatever becomes of its news; where that fails, its gap says why."""

import importlib
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from governance.outbox import SUBSCRIPTIONS, SWEEP
from governance.subjects import subject_digest
from lineage import tasks
from lineage.locks import lock_graph
from lineage.models import Activity, Artifact, DueReading
from lineage.selectors import find_gaps, trace
from lineage.services import receive_event
from tests.lineage.company import FACET
from tests.people import ANN, write_dataset

pytestmark = pytest.mark.django_db
LAYOUT = {"format": "csv", "subjectColumns": ["email"], "recordIdColumn": "customer_number"}


def announced(directory: Path, *, hour: int = 10) -> Artifact:
    """Send the event that tells of a finished dataset."""
    output = {
        "namespace": "shop",
        "name": "people",
        "facets": {
            "vestige_recordIndex": FACET | LAYOUT,
            "dataSource": {**FACET, "name": "people", "uri": directory.as_uri()},
        },
    }
    receive_event(
        event={
            "eventTime": f"2026-11-01T{hour}:00:00Z",
            "producer": "https://example.org/pipeline",
            "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json",
            "job": {"namespace": "shop", "name": "prepare"},
            "outputs": [output],
        }
    )
    return Artifact.objects.get(identity="dataset:shop/people@unversioned")


def later(**passed: int) -> None:
    """Let time pass since the announcement and since the last attempt."""
    past = timezone.now() - timedelta(**passed)
    DueReading.objects.update(announced_at=past)
    DueReading.objects.exclude(tried_at=None).update(tried_at=past)


def is_read(dataset: Artifact) -> bool:
    dataset.refresh_from_db()
    return dataset.indexed_at is not None


def gap() -> Any:  # noqa: ANN401 - the only gap
    (found,) = find_gaps()
    assert found.rule == "dataset_without_subject_index"
    return found


def test_news_that_arrives_is_acted_on_and_nothing_stays_due(tmp_path: Path) -> None:
    dataset = announced(write_dataset(tmp_path / "people"))
    tasks.load_record_index(dataset.pk)

    assert is_read(dataset)
    assert not DueReading.objects.exists()


def test_the_sweeper_reads_a_dataset_whose_news_was_lost(tmp_path: Path) -> None:
    dataset = announced(write_dataset(tmp_path / "people"))
    tasks.sweep()
    assert not is_read(dataset), "its news may still be on its way"

    later(minutes=1)
    tasks.sweep()
    assert is_read(dataset)
    assert len(trace(subject_digest(ANN)).records) == 1
    assert "lineage.tasks.sweep" in SUBSCRIPTIONS[SWEEP]


def test_a_dataset_that_was_announced_anew_is_read_anew(tmp_path: Path) -> None:
    dataset = announced(write_dataset(tmp_path / "people", rows=[("C-7", "eve@example.org", "X")]))
    tasks.load_record_index(dataset.pk)
    write_dataset(tmp_path / "people")
    announced(tmp_path / "people", hour=11)
    later(minutes=1)
    tasks.sweep()

    assert len(trace(subject_digest(ANN)).records) == 1


def test_what_cannot_be_read_is_tried_some_times_and_its_gap_says_why(tmp_path: Path) -> None:
    dataset = announced(tmp_path / "nowhere")
    tasks.load_record_index(dataset.pk)
    assert "nowhere does not exist" in gap().hides
    later(seconds=50)
    tasks.sweep()
    assert DueReading.objects.get().attempts == 1, "not before the pause is over"

    for _ in range(5):
        later(hours=1)
        tasks.sweep()
    assert DueReading.objects.get().attempts == settings.JOB_MAX_ATTEMPTS
    assert "Put this right" in gap().remedy

    write_dataset(tmp_path / "nowhere")
    announced(tmp_path / "nowhere", hour=11)
    later(minutes=1)
    tasks.sweep()
    assert is_read(dataset)
    assert find_gaps() == ()


def test_why_reading_failed_is_told_without_quoting_a_row(tmp_path: Path) -> None:
    rows = [("C-1", ANN, "Berlin"), ("C-1", "bob@example.org", "Berlin")]
    dataset = announced(write_dataset(tmp_path / "people", rows=rows, segments=1))
    tasks.load_record_index(dataset.pk)

    assert "segment-0000.csv, row 3, column customer_number" in gap().hides
    assert "C-1" not in gap().hides
    assert not is_read(dataset)


def test_a_file_that_may_not_be_opened_is_named_as_the_cause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = announced(write_dataset(tmp_path / "people"))

    def refuse(*_args: object) -> None:
        raise PermissionError(13, "Permission denied", "/secret/place")

    monkeypatch.setattr("lineage.services.record_index.read_rows", refuse)
    tasks.load_record_index(dataset.pk)
    assert "its files cannot be read (Permission denied)" in gap().hides


def test_a_database_that_goes_away_while_reading_is_no_attempt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = announced(write_dataset(tmp_path / "people"))
    with monkeypatch.context() as broken:

        def away(*_args: object) -> None:
            raise OperationalError("terminating connection")

        broken.setattr("lineage.services.record_index.read_rows", away)
        with pytest.raises(OperationalError):
            tasks.load_record_index(dataset.pk)
    assert DueReading.objects.get().attempts == 0

    later(minutes=1)
    tasks.sweep()
    assert is_read(dataset)


@pytest.mark.django_db(transaction=True)
def test_the_sweeper_waits_for_no_writer(tmp_path: Path) -> None:
    dataset = announced(write_dataset(tmp_path / "people"))
    later(minutes=1)

    def sweep() -> None:
        try:
            tasks.sweep()
        finally:
            connection.close()

    with transaction.atomic():
        lock_graph()
        beside = threading.Thread(target=sweep)
        beside.start()
        beside.join(timeout=30)
        assert not beside.is_alive()
    assert not is_read(dataset)
    tasks.sweep()
    assert is_read(dataset)


def test_an_upgrade_makes_up_for_news_that_were_lost_before(tmp_path: Path) -> None:
    layout = {"record_index": {"subject_columns": ["email"], "record_id_column": "n"}}

    def holder(name: str, **fields: object) -> Artifact:
        values = {"kind": "log", "attributes": layout} | fields
        return Artifact.objects.create(identity=name, name=name, location=str(tmp_path), **values)

    def run(status: str) -> Activity:
        return Activity.objects.create(kind="openlineage_run", external_id=status, status=status)

    lost = [holder("spoken of"), holder("made", made_by=run("COMPLETE"))]
    holder("being made", made_by=run("START"))
    holder("read", indexed_at=datetime(2026, 11, 1, tzinfo=UTC))
    holder("without layout", attributes={})
    holder("replaced", state="superseded")

    migration = importlib.import_module("lineage.migrations.0004_note_due_readings")
    migration.note_unread_datasets(apps, None)
    assert {row.artifact for row in DueReading.objects.all()} == set(lost)
