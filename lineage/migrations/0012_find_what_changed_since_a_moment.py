"""What changed since a moment is looked up at every trace, so it has an index."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("lineage", "0007_keep_choices_of_data_subjects")]

    operations = [
        migrations.AddIndex(
            model_name=model,
            index=models.Index(fields=[field], name=f"{short}_{field}"),
        )
        for model, short in (("artifactrevision", "artifact"), ("derivationrevision", "derivation"))
        for field in ("since", "until")
    ]
