"""The graph gets a history, written by triggers so that no writer can forget it.

Since when rows that are there already have been as they are, nobody can say: all of them begin at
the moment of this migration.
"""

from dataclasses import dataclass

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

# The lock is that of lineage.locks (GRAPH_LOCK). It is taken before a statement touches
# a row, and held until the transaction ends: moments are in the order of commits, and two writers
# cannot wait for each other with a row in hand. Which moment is that of this transaction stands in
# a setting that ends, or is rolled back, with it.
MOMENTS = """
SELECT pg_advisory_xact_lock(x'6C696E65616765'::bigint);

CREATE FUNCTION lineage_wait() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(x'6C696E65616765'::bigint);
    RETURN NULL;
END
$$;

CREATE FUNCTION lineage_this_moment() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    this bigint := nullif(current_setting('vestige.moment', true), '');
BEGIN
    IF this IS NULL THEN
        INSERT INTO lineage_moment (at)
        SELECT greatest(clock_timestamp(), max(at) + interval '1 microsecond') FROM lineage_moment
        RETURNING id INTO this;
        PERFORM set_config('vestige.moment', this::text, true);
    END IF;
    RETURN this;
END
$$;
"""

NO_MOMENTS = """
DROP FUNCTION lineage_this_moment();
DROP FUNCTION lineage_wait();
"""


@dataclass(frozen=True, kw_only=True)
class History:
    """What of one table is kept, and where."""

    table: str
    kept_in: str
    #: Column of ``kept_in`` that names a row, and its value; ``{row}`` stands for the row.
    key: tuple[str, str]
    #: Column of ``kept_in`` to its value.
    values: dict[str, str]
    #: Whether there is anything to keep of a row.
    holds: str = "true"


HISTORIES = (
    History(
        table="lineage_artifact",
        kept_in="lineage_artifactrevision",
        key=("artifact_id", "{row}.id"),
        values={
            **{name: f"{{row}}.{name}" for name in ("kind", "name", "digest", "state")},
            "indexed": "{row}.indexed_at IS NOT NULL",
            "attributes": "{row}.attributes",
        },
    ),
    History(
        table="lineage_derivation",
        kept_in="lineage_derivationrevision",
        key=("derivation_id", "{row}.id"),
        values={name: f"{{row}}.{name}" for name in ("upstream_id", "downstream_id", "relation")},
        holds="{row}.ended_at IS NULL",
    ),
    History(
        table="lineage_activity",
        kept_in="lineage_activityrevision",
        key=("activity_id", "{row}.id"),
        values={
            "name": "{row}.name",
            "ended": "{row}.ended_at IS NOT NULL",
            "used": "{row}.used",
        },
        # A run without a name was only named by others.
        holds="{row}.name <> ''",
    ),
    History(
        table="lineage_duereading",
        kept_in="lineage_troublerevision",
        key=("artifact_id", "{row}.artifact_id"),
        values={"trouble": "{row}.trouble"},
        holds="{row}.trouble <> ''",
    ),
)

# New rows come by the thousand: one statement keeps them all. Changed ones are few, and those in
# which nothing changed that is kept cost no more than the comparison. What begins and ends within
# one moment was never on record.
KEEP = """
CREATE FUNCTION {table}_begins() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    this bigint;
BEGIN
    IF EXISTS (SELECT FROM fresh WHERE {fresh_holds}) THEN
        this := lineage_this_moment();
        INSERT INTO {kept_in} ({columns}, since_id)
        SELECT {fresh}, this FROM fresh WHERE {fresh_holds};
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION {table}_changes() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    this bigint := lineage_this_moment();
BEGIN
    DELETE FROM {kept_in} WHERE {key} = {old_key} AND since_id = this;
    UPDATE {kept_in} SET until_id = this WHERE {key} = {old_key} AND until_id IS NULL;
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO {kept_in} ({columns}, since_id) SELECT {new}, this WHERE {new_holds};
    END IF;
    RETURN NULL;
END
$$;

INSERT INTO {kept_in} ({columns}, since_id)
SELECT {fresh}, lineage_this_moment() FROM {table} AS fresh WHERE {fresh_holds};

CREATE TRIGGER {table}_waits BEFORE INSERT OR UPDATE OR DELETE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION lineage_wait();
CREATE TRIGGER {table}_inserted AFTER INSERT ON {table} REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION {table}_begins();
CREATE TRIGGER {table}_updated AFTER UPDATE ON {table}
    FOR EACH ROW WHEN (
        (({old_holds}) OR ({new_holds}))
        AND ({old}, {old_holds}) IS DISTINCT FROM ({new}, {new_holds})
    )
    EXECUTE FUNCTION {table}_changes();
CREATE TRIGGER {table}_deleted AFTER DELETE ON {table}
    FOR EACH ROW WHEN ({old_holds}) EXECUTE FUNCTION {table}_changes();
"""

FORGET = """
DROP TRIGGER {table}_deleted ON {table};
DROP TRIGGER {table}_updated ON {table};
DROP TRIGGER {table}_inserted ON {table};
DROP TRIGGER {table}_waits ON {table};
DROP FUNCTION {table}_changes();
DROP FUNCTION {table}_begins();
"""


def keep(history):
    """SQL that keeps a history from now on, beginning with what is there."""
    key, key_value = history.key
    names = {"fresh": "fresh", "old": "OLD", "new": "NEW"}
    values = ", ".join([key_value, *history.values.values()])
    return KEEP.format(
        table=history.table,
        kept_in=history.kept_in,
        key=key,
        columns=", ".join([key, *history.values]),
        old_key=key_value.format(row="OLD"),
        **{name: values.format(row=row) for name, row in names.items()},
        **{f"{name}_holds": history.holds.format(row=row) for name, row in names.items()},
    )


def forget(history):
    """SQL that undoes :func:`keep`."""
    return FORGET.format(table=history.table)


class Migration(migrations.Migration):
    dependencies = [
        ("lineage", "0004_note_due_readings"),
    ]

    operations = [
        migrations.CreateModel(
            name="Moment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(unique=True)),
            ],
        ),
        migrations.CreateModel(
            name="DerivationRevision",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "derivation_id",
                        "since_id",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("upstream_id", models.BigIntegerField()),
                ("downstream_id", models.BigIntegerField()),
                ("relation", models.CharField(max_length=20)),
                (
                    "derivation",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="lineage.derivation",
                    ),
                ),
                (
                    "since",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="lineage.moment",
                    ),
                ),
                (
                    "until",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="lineage.moment",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ArtifactRevision",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "artifact_id",
                        "since_id",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("kind", models.CharField(max_length=30)),
                ("name", models.CharField(max_length=300)),
                ("digest", models.CharField(max_length=80)),
                ("state", models.CharField(max_length=12)),
                ("indexed", models.BooleanField()),
                ("attributes", models.JSONField()),
                (
                    "artifact",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="lineage.artifact",
                    ),
                ),
                (
                    "since",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="lineage.moment",
                    ),
                ),
                (
                    "until",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="lineage.moment",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ActivityRevision",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "activity_id",
                        "since_id",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("name", models.CharField(max_length=300)),
                ("ended", models.BooleanField()),
                (
                    "used",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), size=None
                    ),
                ),
                (
                    "activity",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="lineage.activity",
                    ),
                ),
                (
                    "since",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="lineage.moment",
                    ),
                ),
                (
                    "until",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="lineage.moment",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="TroubleRevision",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "artifact_id",
                        "since_id",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("trouble", models.TextField()),
                (
                    "artifact",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="lineage.artifact",
                    ),
                ),
                (
                    "since",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="lineage.moment",
                    ),
                ),
                (
                    "until",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="lineage.moment",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.RunSQL(MOMENTS, NO_MOMENTS),
        *[migrations.RunSQL(keep(history), forget(history)) for history in HISTORIES],
    ]
