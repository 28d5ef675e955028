"""What data subjects chose, as rows that can be added and never touched."""

from django.db import migrations, models

FORBID = """
CREATE FUNCTION lineage_choices_are_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'choices are append-only: % is refused', TG_OP
        USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER choice_rows_stand BEFORE UPDATE OR DELETE ON lineage_subjectchoice
    FOR EACH ROW EXECUTE FUNCTION lineage_choices_are_append_only();
CREATE TRIGGER choice_table_stands BEFORE TRUNCATE ON lineage_subjectchoice
    FOR EACH STATEMENT EXECUTE FUNCTION lineage_choices_are_append_only();
"""

ALLOW = """
DROP TRIGGER choice_table_stands ON lineage_subjectchoice;
DROP TRIGGER choice_rows_stand ON lineage_subjectchoice;
DROP FUNCTION lineage_choices_are_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("lineage", "0005_keep_the_history_of_the_graph")]

    operations = [
        migrations.CreateModel(
            name="SubjectChoice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("subject_digest", models.BinaryField(max_length=16)),
                ("key_version", models.PositiveSmallIntegerField()),
                (
                    "choice",
                    models.CharField(
                        choices=[("consent", "consent"), ("opt_out", "opt_out")], max_length=10
                    ),
                ),
                ("purpose", models.CharField(blank=True, max_length=100)),
                ("chosen_at", models.DateTimeField()),
                ("told_by", models.CharField(max_length=160)),
                ("recorded_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=(
                            "subject_digest",
                            "key_version",
                            "purpose",
                            "chosen_at",
                            "choice",
                        ),
                        name="choice_once",
                    )
                ],
            },
        ),
        migrations.RunSQL(FORBID, ALLOW),
    ]
