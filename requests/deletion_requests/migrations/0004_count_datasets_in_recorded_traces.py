"""Fills in how many data sets each recorded trace looked into.

Traces that were recorded before did not say so; the count of today is what their report would have
stated, and the nearest that can still be known.
"""

from django.db import migrations

ROW_HOLDERS = ("dataset_version", "evaluation_set", "log", "cache")


def fill(apps, schema_editor):
    artifacts = apps.get_model("lineage", "Artifact").objects.using(schema_editor.connection.alias)
    traces = apps.get_model("deletion_requests", "RecordedTrace").objects.using(
        schema_editor.connection.alias
    )
    examined = artifacts.filter(
        kind__in=ROW_HOLDERS, state="current", indexed_at__isnull=False
    ).count()
    for trace in traces.exclude(impact__has_key="datasets_examined").iterator():
        trace.impact["datasets_examined"] = examined
        trace.save(update_fields=["impact"])


class Migration(migrations.Migration):
    dependencies = [
        ("deletion_requests", "0003_tell_recipients"),
        ("lineage", "0003_admit_more_kinds"),
    ]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
