"""What the readers of records speak of: layouts, segments, rows and what is wrong with a row."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

#: Widest record id that the record index takes.
LONGEST_RECORD_ID = 200


class MalformedRecordsError(Exception):
    """Records break their layout; the message names file, row and column, and quotes no value."""


class RecordFormat(StrEnum):
    """How rows are written down."""

    CSV = "csv"
    JSONL = "jsonl"  # one JSON object a line
    PARQUET = "parquet"
    HUGGINGFACE = "huggingface"  # a folder of Dataset.save_to_disk
    SQL = "sql"  # the rows of a query


@dataclass(frozen=True, kw_only=True)
class RecordLayout:
    """Which columns of the rows say whose record it is, and which names the record."""

    #: Columns that identify a person; every one of them finds the record.
    subject_columns: tuple[str, ...]
    record_id_column: str
    format: RecordFormat = RecordFormat.CSV
    #: Whether a row may name no data subject; without it such a row is a bad one.
    unnamed_rows: bool = False
    #: Whether near duplicates of the rows are looked for, not only equal ones.
    near_duplicates: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that must be there."""
        return (self.record_id_column, *self.subject_columns)


@dataclass(frozen=True, kw_only=True)
class SegmentFile:
    """One file of a dataset."""

    path: Path
    #: ``sha256:<hex>`` of its bytes.
    digest: str

    @property
    def name(self) -> str:
        """Name of the file."""
        return self.path.name

    @property
    def location(self) -> str:
        """URI of the file."""
        return self.path.as_uri()


@dataclass(frozen=True, kw_only=True)
class Row:
    """What the record index needs of one row."""

    #: Line of a text file, from 1 (the header of a CSV file is line 1); otherwise the row, from 1.
    line: int
    record_id: str
    #: Non-empty values of the subject columns.
    subjects: tuple[str, ...]
    #: What the row says besides: the text of all other columns, in the order of their names.
    content: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class BadRow:
    """A row that cannot be taken; it quotes no value, because it is kept and shown."""

    #: File, or the query's part.
    segment: str
    #: As in :attr:`Row.line`.
    line: int
    #: Empty where the whole row is meant.
    column: str
    problem: str

    def __str__(self) -> str:
        column = f", column {self.column}" if self.column else ""
        return f"{self.segment}, row {self.line}{column}: {self.problem}."


@dataclass(frozen=True, kw_only=True)
class Segment:
    """A part of a source, named by its content."""

    name: str
    #: ``sha256:<hex>`` of the file's bytes, or of the canonical rows of a query.
    digest: str
    #: URI.
    location: str
    #: Reads the rows; may be called again.
    read: Callable[[RecordLayout], Iterator[Row | BadRow]]


class NamedSegment(Protocol):
    """What the graph needs to know of a segment."""

    @property
    def name(self) -> str:
        """Name within its dataset."""

    @property
    def digest(self) -> str:
        """``sha256:<hex>`` of its content."""

    @property
    def location(self) -> str:
        """URI."""


class Source(Protocol):
    """Where rows come from."""

    @property
    def location(self) -> str:
        """URI, without any secret."""

    @property
    def format(self) -> RecordFormat:
        """How its rows are written down."""

    @property
    def length(self) -> int | None:
        """How many segments there are; None where only reading tells."""

    def segments(self) -> Iterator[Segment]:
        """List the segments, always in the same order; may be called again.

        Raises:
            MalformedRecordsError: There is nothing to read, or it is not what it should be.
        """


def record_id_in(field: str) -> str:
    """Read the id of a record from its field: blanks around it are no part of it.

    >>> record_id_in(" C-000017 ")
    'C-000017'
    """
    return field.strip()


def layout_from(attributes: Mapping[str, object]) -> RecordLayout | None:
    """Read the layout from a dataset's attributes; None where none was recorded."""
    recorded = attributes.get("record_index")
    if not isinstance(recorded, Mapping):
        return None
    return RecordLayout(
        subject_columns=tuple(recorded["subject_columns"]),
        record_id_column=str(recorded["record_id_column"]),
        format=RecordFormat(recorded.get("format", RecordFormat.CSV)),
        unnamed_rows=bool(recorded.get("unnamed_rows", False)),
        near_duplicates=bool(recorded.get("near_duplicates", False)),
    )


def layout_document(layout: RecordLayout) -> dict[str, object]:
    """Write a layout down as a dataset's attributes keep it; :func:`layout_from` reads it."""
    document: dict[str, object] = {
        "format": layout.format.value,
        "subject_columns": list(layout.subject_columns),
        "record_id_column": layout.record_id_column,
    }
    flags = {"unnamed_rows": layout.unnamed_rows, "near_duplicates": layout.near_duplicates}
    return document | {name: True for name, told in flags.items() if told}
