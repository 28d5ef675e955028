"""What changed since a moment, and what every trace must know of, is looked up by an index."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("lineage", "0011_keep_fingerprints_of_records")]

    operations = [
        *(
            migrations.AddIndex(
                model_name=model,
                index=models.Index(fields=[field], name=f"{short}_{field}"),
            )
            for model, short in (
                ("artifactrevision", "artifact"),
                ("derivationrevision", "derivation"),
            )
            for field in ("since", "until")
        ),
        migrations.AddIndex(
            model_name="artifact",
            index=models.Index(
                fields=["seen_at"],
                name="artifact_seen",
                condition=models.Q(("seen_at__isnull", False)),
            ),
        ),
        migrations.AddIndex(
            model_name="activity",
            index=models.Index(
                fields=["id"],
                name="activity_unended",
                condition=models.Q(("ended_at__isnull", True)),
            ),
        ),
    ]
