"""Datasets whose rows wait to be read get a row of their own, so that lost news loses nothing."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q
from django.utils import timezone

HOLDERS_OF_ROWS = ("dataset_version", "evaluation_set", "log", "cache")


def note_unread_datasets(apps, schema_editor):
    """Let every finished holder of rows be read whose layout is known and whose news was lost."""
    unread = apps.get_model("lineage", "Artifact").objects.filter(
        Q(made_by=None) | Q(made_by__status="COMPLETE"),
        kind__in=HOLDERS_OF_ROWS,
        state="current",
        indexed_at=None,
        attributes__has_key="record_index",
    )
    due = apps.get_model("lineage", "DueReading")
    due.objects.bulk_create(due(artifact=row, announced_at=timezone.now()) for row in unread)


class Migration(migrations.Migration):
    dependencies = [("lineage", "0003_admit_more_kinds")]

    operations = [
        migrations.CreateModel(
            name="DueReading",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("announced_at", models.DateTimeField()),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("tried_at", models.DateTimeField(null=True)),
                ("trouble", models.TextField(blank=True)),
                (
                    "artifact",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="due_reading",
                        to="lineage.artifact",
                    ),
                ),
            ],
        ),
        migrations.RunPython(note_unread_datasets, migrations.RunPython.noop),
    ]
