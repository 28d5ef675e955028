"""The sequence from which references take their numbers."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("deletion_requests", "0001_initial")]

    operations = [
        migrations.RunSQL(
            "CREATE SEQUENCE deletion_requests_reference",
            "DROP SEQUENCE deletion_requests_reference",
        )
    ]
