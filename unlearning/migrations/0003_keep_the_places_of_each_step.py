from django.db import migrations, models


def fill_places_of_started_plans(apps, schema_editor):
    """Of a plan at work, the places are those recorded now; one that waits is drawn up anew."""
    steps = apps.get_model("unlearning", "PlanStep").objects
    at_work = steps.filter(plan__settled_at=None).exclude(plan__started_at=None)
    for step in at_work.select_related("artifact"):
        places = [step.artifact.location, *step.artifact.attributes.get("copies", ())]
        step.places = list(dict.fromkeys(place for place in places if place))
        step.save(update_fields=["places"])


class Migration(migrations.Migration):

    dependencies = [
        ('unlearning', '0002_let_reasons_name_every_place'),
    ]

    operations = [
        migrations.AddField(
            model_name='planstep',
            name='places',
            field=models.JSONField(default=list),
        ),
        migrations.RunPython(fill_places_of_started_plans, migrations.RunPython.noop),
    ]
