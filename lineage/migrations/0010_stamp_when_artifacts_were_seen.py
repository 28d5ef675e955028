"""Artifacts get a stamp of when their source last showed them, outside the history.

For what was captured from MLflow already, the time begins now.
"""

from django.db import migrations, models

BEGIN = """
UPDATE lineage_artifact SET seen_at = now()
WHERE (identity LIKE 'mlflow-model:%' OR kind = 'product') AND NOT attributes ? 'mentioned'
"""


class Migration(migrations.Migration):
    dependencies = [
        ("lineage", "0009_pack_postings"),
    ]

    operations = [
        migrations.AddField(
            model_name="artifact",
            name="seen_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.RunSQL(BEGIN, migrations.RunSQL.noop),
    ]
