"""The migration that fills in what earlier traces did not record."""

from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection
from django.utils import timezone

from tests.factories import ArtifactFactory, RecordedTraceFactory, impact_document

MIGRATION = "deletion_requests.migrations.0004_count_datasets_in_recorded_traces"


@pytest.mark.django_db
def test_traces_that_did_not_say_what_they_looked_into_are_filled_in() -> None:
    ArtifactFactory.create(kind="dataset_version", indexed_at=timezone.now())
    ArtifactFactory.create(kind="dataset_version", indexed_at=None)
    ArtifactFactory.create(kind="log", indexed_at=timezone.now(), state="superseded")
    earlier = impact_document()
    del earlier["datasets_examined"]
    silent, telling = RecordedTraceFactory.create(impact=earlier), RecordedTraceFactory.create()
    import_module(MIGRATION).fill(apps, connection.schema_editor())
    for trace, count in ((silent, 1), (telling, 2)):
        trace.refresh_from_db()
        assert trace.impact["datasets_examined"] == count
