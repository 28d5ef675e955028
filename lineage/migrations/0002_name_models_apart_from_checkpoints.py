"""A finished model is a ``model``; a ``checkpoint`` is a state of a training on its way."""

from django.db import migrations


def call_models_models(apps, schema_editor):
    apps.get_model("lineage", "Artifact").objects.filter(kind="checkpoint").update(kind="model")


def call_models_checkpoints(apps, schema_editor):
    apps.get_model("lineage", "Artifact").objects.filter(kind="model").update(kind="checkpoint")


class Migration(migrations.Migration):
    dependencies = [("lineage", "0001_initial")]

    operations = [migrations.RunPython(call_models_models, call_models_checkpoints)]
