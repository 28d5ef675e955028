"""The rows of a SQL query as a source of records, streamed from PostgreSQL or SQLite.

A query has no files, so its rows, sorted by record id, are cut into segments. Where a cut falls
depends on the record ids alone: a row more or less changes one segment and not those after it.
Each segment is named by the hash of its rows, written as canonical JSON.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import psycopg
from psycopg import sql

from lineage.records import (
    BadRow,
    MalformedRecordsError,
    RecordFormat,
    RecordLayout,
    Row,
    Segment,
    checked,
    require_columns,
    text_of,
)

#: Rows that a cursor fetches at a time.
BATCH = 2_000
#: Most rows of a segment: what is in memory at a time.
LONGEST_SEGMENT = 50_000
#: On average every so many rows a segment may end.
CUT_EVERY = 10_000

_Fields = tuple[Any, ...]


@dataclass(kw_only=True)
class QuerySource:
    """The rows of one query at one moment; close it after use."""

    #: ``postgresql://…`` or ``sqlite:///path``.
    url: str
    query: str
    record_id_column: str
    format: RecordFormat = field(default=RecordFormat.SQL, init=False)
    _connection: Any = field(default=None, init=False, repr=False)

    @property
    def location(self) -> str:
        """The database without user and password, and which query it is."""
        parts = urlsplit(self.url)
        host = parts.netloc.rpartition("@")[2]
        query = hashlib.sha256(self.query.encode()).hexdigest()[:12]
        return f"{parts.scheme}://{host}{parts.path}#{query}"

    @property
    def length(self) -> None:
        """Unknown before the rows are read."""
        return

    def segments(self) -> Iterator[Segment]:
        """Stream the rows, cut into segments.

        Raises:
            MalformedRecordsError: The database cannot be reached, or it refuses the query.
        """
        try:
            with self._rows() as (columns, rows):
                require_columns(columns, [self.record_id_column], "the query")
                at = columns.index(self.record_id_column)
                for number, part in enumerate(_parts(rows, at)):
                    yield self._segment(number, columns, part)
        except (psycopg.Error, sqlite3.Error) as error:
            # The library's own words may quote a value.
            raise MalformedRecordsError(
                f"The query at {self.location} failed ({type(error).__name__}): look at the "
                "database, at the query and at the right to read."
            ) from error

    def close(self) -> None:
        """End the transaction in which the rows were read."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _segment(self, number: int, columns: list[str], part: list[tuple[int, _Fields]]) -> Segment:
        values = [
            (line, dict(zip(columns, map(text_of, fields), strict=True))) for line, fields in part
        ]
        state = hashlib.sha256()
        for _, row in values:
            text = json.dumps(row, sort_keys=True, ensure_ascii=False)
            state.update(text.encode("utf-8", "surrogatepass") + b"\n")
        digest = f"sha256:{state.hexdigest()}"
        name = f"rows-{number:06d}"

        def read(layout: RecordLayout) -> Iterator[Row | BadRow]:
            require_columns(columns, layout.columns, "the query")
            return checked(values, name, layout)

        return Segment(
            name=name, digest=digest, location=f"{self.location}-{digest[7:19]}", read=read
        )

    @contextmanager
    def _rows(self) -> Iterator[tuple[list[str], Iterator[_Fields]]]:
        """Run the query, ordered; both times one snapshot of a PostgreSQL database answers."""
        scheme = urlsplit(self.url).scheme
        if scheme == "sqlite":
            yield from self._sqlite_rows()
        elif scheme in ("postgresql", "postgres"):
            yield from self._postgresql_rows()
        else:
            raise MalformedRecordsError(
                f"A query is read from postgresql:// or sqlite:///, not from {scheme or 'a path'}."
            )

    def _sqlite_rows(self) -> Iterator[tuple[list[str], Iterator[_Fields]]]:
        path = Path(unquote(urlsplit(self.url).path))
        if self._connection is None:
            self._connection = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)
            self._connection.execute("BEGIN")
        column = self.record_id_column.replace('"', '""')
        ordered = f'SELECT * FROM ({_one(self.query)}\n) AS source ORDER BY "{column}"'  # noqa: S608 - the caller's own query, on a read-only connection
        with closing(self._connection.cursor()) as cursor:
            cursor.arraysize = BATCH
            cursor.execute(ordered)
            yield [item[0] for item in cursor.description], iter(cursor)

    def _postgresql_rows(self) -> Iterator[tuple[list[str], Iterator[_Fields]]]:
        if self._connection is None:
            self._connection = psycopg.connect(self.url)
            self._connection.read_only = True
            self._connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        ordered = sql.SQL("SELECT * FROM ({}\n) AS source ORDER BY {}").format(
            sql.SQL(_one(self.query)), sql.Identifier(self.record_id_column)
        )
        with self._connection.cursor(name="vestige_rows") as cursor:
            cursor.itersize = BATCH
            cursor.execute(ordered)
            yield [column.name for column in cursor.description], iter(cursor)


def _one(query: str) -> str:
    """The query without a closing semicolon, so that it can be ordered."""
    return query.strip().rstrip(";")


def _parts(rows: Iterator[_Fields], id_at: int) -> Iterator[list[tuple[int, _Fields]]]:
    """Cut numbered rows where their record id says so, at the latest when a segment is full."""
    part: list[tuple[int, _Fields]] = []
    for line, fields in enumerate(rows, start=1):
        part.append((line, fields))
        if len(part) == LONGEST_SEGMENT or _ends(text_of(fields[id_at])):
            yield part
            part = []
    if part:
        yield part


def _ends(record_id: str) -> bool:
    digest = hashlib.sha256(record_id.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:4], "big") % CUT_EVERY == 0
