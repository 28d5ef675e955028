"""A partition of the postings in another database: nobody who asks or loads need know."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction
from psycopg import sql
from psycopg.conninfo import make_conninfo

from governance.subjects import subject_digest
from lineage.models import Posting
from lineage.selectors.postings import PostgresIndex
from lineage.services.postings import incoming_postings

ELSEWHERE = "vestige_elsewhere"
PEOPLE = [subject_digest(f"p{n}@example.org").value for n in range(200)]
THERE = """
CREATE TABLE lineage_posting_07 (
    subject_digest uuid PRIMARY KEY, key_version smallint NOT NULL, segments integer[] NOT NULL,
    record_ids varchar(200)[], past_segments integer[]
)
"""


@contextmanager
def another_database() -> Iterator[dict[str, Any]]:
    """Make one beside the tests' own; gives what it takes to connect."""
    own = connection.get_connection_params()
    known = {name: own[name] for name in ("host", "port", "user", "password") if own.get(name)}
    name = sql.Identifier(ELSEWHERE)
    with psycopg.connect(make_conninfo(**known, dbname="postgres"), autocommit=True) as server:
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
        server.execute(sql.SQL("CREATE DATABASE {}").format(name))
        try:
            yield known
        finally:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


def move_partition(known: dict[str, Any]) -> int:
    """What docs/record-index.md says; returns how many postings were moved."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE EXTENSION postgres_fdw")
        server = "CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw {}"
        cursor.execute(_with_options(server, known, "host", "port"))
        user = "CREATE USER MAPPING FOR current_user SERVER elsewhere {}"
        cursor.execute(_with_options(user, known, "user", "password"))
        cursor.execute("SELECT * FROM lineage_posting_07")
        moved = cursor.fetchall()
        cursor.execute("ALTER TABLE lineage_posting DROP CONSTRAINT posting_by_digest")
        cursor.execute("ALTER TABLE lineage_posting DETACH PARTITION lineage_posting_07")
        cursor.execute("DROP TABLE lineage_posting_07")
        cursor.execute(
            "CREATE FOREIGN TABLE lineage_posting_07 PARTITION OF lineage_posting "
            "FOR VALUES WITH (MODULUS 16, REMAINDER 7) SERVER elsewhere"
        )
        cursor.executemany("INSERT INTO lineage_posting_07 VALUES (%s, %s, %s, %s, %s)", moved)
    return len(moved)


def _with_options(statement: str, known: dict[str, Any], *names: str) -> sql.Composed:
    given = {"dbname": ELSEWHERE, **known} if "host" in names else known
    options = [
        sql.SQL("{} {}").format(sql.Identifier(name), sql.Literal(str(given[name])))
        for name in ("dbname", *names)
        if name in given
    ]
    return sql.SQL(statement).format(sql.SQL("OPTIONS ({})").format(sql.SQL(", ").join(options)))


def load(segment: int) -> None:
    with transaction.atomic(), incoming_postings() as incoming:
        for digest in PEOPLE:
            incoming.add(digest, segment, f"R-{segment}")


@pytest.mark.django_db
def test_people_of_all_partitions_are_found_and_loaded() -> None:
    load(1)
    with another_database() as known:
        with psycopg.connect(make_conninfo(**known, dbname=ELSEWHERE), autocommit=True) as there:
            there.execute(THERE)
        assert move_partition(known) > 0
        load(2)
        index = PostgresIndex()
        assert [d for d in PEOPLE if index.look_up(d).tolist() != [1, 2]] == []
        assert Posting.objects.filter(segments__overlap=[2]).count() == len(PEOPLE)
