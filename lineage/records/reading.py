"""From the columns of a row to what the record index needs of it, and what is wrong with it."""

import hashlib
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from functools import lru_cache
from pathlib import Path

from lineage.records.tables import Broken, RawRow, raw_rows
from lineage.records.values import (
    LONGEST_RECORD_ID,
    BadRow,
    MalformedRecordsError,
    RecordLayout,
    Row,
    record_id_in,
)


def read_rows(path: Path, layout: RecordLayout) -> Iterator[Row]:
    """Stream the rows of one segment.

    Args:
        path: A file of the layout's format; CSV with a header, text in UTF-8.
        layout: The columns to read.

    Raises:
        MalformedRecordsError: The file cannot be read, a column is missing, a row has another
            number of fields than the header, a record id is empty, too long or repeated, or no
            subject column is filled.
    """
    for row in read_each(path, layout):
        if isinstance(row, BadRow):
            raise MalformedRecordsError(str(row))
        yield row


def read_each(path: Path, layout: RecordLayout) -> Iterator[Row | BadRow]:
    """Stream the rows of one segment, the bad ones too.

    Raises:
        MalformedRecordsError: The file cannot be read on, or a column is missing in all of it.
    """
    yield from checked(raw_rows(path, layout.format, layout.columns), path.name, layout)


def checked(raw: Iterable[RawRow], name: str, layout: RecordLayout) -> Iterator[Row | BadRow]:
    """Check the rows of one segment.

    Args:
        raw: The rows.
        name: What the segment is called in a complaint.
        layout: The columns to read.
    """
    with closing(_SeenIds()) as seen:
        for line, values in raw:
            found = _row(line, values, layout)
            if isinstance(found, Row) and seen.before(found.record_id):
                # Not quoted: the sentence is kept where nothing is erased.
                found = Broken(
                    column=layout.record_id_column,
                    problem="this record id stands in an earlier row too",
                )
            if isinstance(found, Broken):
                yield BadRow(segment=name, line=line, column=found.column, problem=found.problem)
            else:
                yield found


def _row(line: int, values: Mapping[str, str] | Broken, layout: RecordLayout) -> Row | Broken:
    if isinstance(values, Broken):
        return values
    for column in layout.columns:
        if column not in values:
            return Broken(column=column, problem="it is missing")
    record_id = record_id_in(values[layout.record_id_column])
    if problem := _problem_of_id(record_id):
        return Broken(column=layout.record_id_column, problem=problem)
    subjects = tuple(text for name in layout.subject_columns if (text := values[name].strip()))
    if not subjects and not layout.unnamed_rows:
        wanted = " or ".join(layout.subject_columns)
        return Broken(column=wanted, problem="no data subject is named")
    if any(map(_half, subjects)):
        return Broken(column=" or ".join(layout.subject_columns), problem=_HALF)
    names = _content_columns(tuple(values), layout.columns)
    return Row(
        line=line,
        record_id=record_id,
        subjects=subjects,
        content=tuple(values[name] for name in names),
    )


def _problem_of_id(record_id: str) -> str:
    if not record_id:
        return "the record id is empty"
    if len(record_id) > LONGEST_RECORD_ID:
        return f"longer than {LONGEST_RECORD_ID} characters"
    if _half(record_id):
        return _HALF
    return "it contains a NUL character" if "\0" in record_id else ""


#: What JSON can write and nothing can store.
_HALF = "it contains half of a surrogate pair"


def _half(text: str) -> bool:
    return not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text)


@lru_cache(maxsize=128)
def _content_columns(names: tuple[str, ...], hidden: tuple[str, ...]) -> tuple[str, ...]:
    """Columns that say something beside whose row it is, sorted by name."""
    return tuple(sorted(set(names) - set(hidden)))


class _SeenIds:
    """The record ids met so far, in bounded memory: SQLite spills a private file to disk.

    Only digests under a key of this moment are kept, so that no identifier reaches that file.
    """

    def __init__(self) -> None:
        self._key = os.urandom(16)
        self._rows = sqlite3.connect("")
        self._rows.execute("PRAGMA journal_mode = OFF")
        self._rows.execute("PRAGMA synchronous = OFF")
        self._rows.execute("PRAGMA cache_size = -32768")  # KiB
        self._rows.execute("CREATE TABLE seen (id BLOB PRIMARY KEY) WITHOUT ROWID")

    def before(self, record_id: str) -> bool:
        """Note an id and say whether it was noted before."""
        digest = hashlib.blake2b(record_id.encode(), key=self._key, digest_size=16).digest()
        return self._rows.execute("INSERT OR IGNORE INTO seen VALUES (?)", (digest,)).rowcount == 0

    def close(self) -> None:
        """Forget everything."""
        self._rows.close()
