"""How the records of a dataset lie on disk: a directory of ``segment-*.csv`` files.

Each file is one segment, named by the hash of its bytes. Reading streams: memory does not grow
with the number of rows.
"""

import csv
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _csv import Reader

SEGMENT_PATTERN = "segment-*.csv"
CHUNK = 1 << 20
#: Widest record id that the record index takes.
LONGEST_RECORD_ID = 200


class MalformedRecordsError(Exception):
    """A file of records breaks the layout; the message names file, row and column."""


@dataclass(frozen=True, kw_only=True)
class RecordLayout:
    """Which columns of the rows say whose record it is, and which names the record."""

    #: Columns that identify a person; every one of them finds the record.
    subject_columns: tuple[str, ...]
    record_id_column: str


@dataclass(frozen=True, kw_only=True)
class SegmentFile:
    """One file of a dataset."""

    path: Path
    #: ``sha256:<hex>`` of its bytes.
    digest: str


@dataclass(frozen=True, kw_only=True)
class Row:
    """What the record index needs of one row."""

    #: Line of the file, from 1; the header is line 1.
    line: int
    record_id: str
    #: Non-empty values of the subject columns.
    subjects: tuple[str, ...]


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
    )


def list_segments(directory: Path) -> list[SegmentFile]:
    """Find and hash the segments of a directory, sorted by file name.

    Raises:
        MalformedRecordsError: The directory is missing or holds no segment.
    """
    if not directory.is_dir():
        raise MalformedRecordsError(f"The directory {directory} does not exist.")
    files = sorted(directory.glob(SEGMENT_PATTERN))
    if not files:
        raise MalformedRecordsError(f"The directory {directory} holds no {SEGMENT_PATTERN} file.")
    return [SegmentFile(path=path, digest=_digest(path)) for path in files]


def version_digest(segments: Sequence[SegmentFile]) -> str:
    """``sha256:<hex>`` over the sorted digests of a version's segments."""
    listed = "\n".join(sorted(segment.digest for segment in segments))
    return f"sha256:{hashlib.sha256(listed.encode()).hexdigest()}"


def _digest(path: Path) -> str:
    state = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            state.update(chunk)
    return f"sha256:{state.hexdigest()}"


def read_rows(path: Path, layout: RecordLayout) -> Iterator[Row]:
    """Stream the rows of one segment.

    Args:
        path: A CSV file with a header, UTF-8.
        layout: The columns to read.

    Raises:
        MalformedRecordsError: A column is missing, a row has another number of fields than the
            header, a record id is empty, too long or repeated, no subject column is filled, or
            the bytes are not UTF-8.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            yield from _rows(csv.reader(file, strict=True), path, layout)
    except UnicodeDecodeError as error:
        raise MalformedRecordsError(f"{path.name} is not UTF-8: {error.reason}.") from error


def _rows(reader: "Reader", path: Path, layout: RecordLayout) -> Iterator[Row]:
    seen: set[str] = set()
    try:
        header = next(reader, None)
        record_at, subjects_at = _columns(header, path, layout)
        width = len(header or ())
        for fields in reader:
            here = f"{path.name}, row {reader.line_num}"
            if len(fields) != width:
                raise MalformedRecordsError(
                    f"{here}: {len(fields)} fields where the header has {width}."
                )
            row = Row(
                line=reader.line_num,
                record_id=record_id_in(fields[record_at]),
                subjects=tuple(fields[at].strip() for at in subjects_at if fields[at].strip()),
            )
            _check_row(row, here, layout, seen)
            seen.add(row.record_id)
            yield row
    except csv.Error as error:
        raise MalformedRecordsError(f"{path.name}, row {reader.line_num}: {error}.") from error


def _columns(
    header: list[str] | None, path: Path, layout: RecordLayout
) -> tuple[int, tuple[int, ...]]:
    """Positions of the record id column and of the subject columns."""
    for wanted in (layout.record_id_column, *layout.subject_columns):
        count = (header or []).count(wanted)
        if count != 1:
            problem = "is missing" if count == 0 else f"occurs {count} times"
            raise MalformedRecordsError(f"{path.name}, row 1: the column {wanted} {problem}.")
    names = header or []
    return names.index(layout.record_id_column), tuple(map(names.index, layout.subject_columns))


def _check_row(row: Row, here: str, layout: RecordLayout, seen: set[str]) -> None:
    column = f"{here}, column {layout.record_id_column}"
    if not row.record_id:
        raise MalformedRecordsError(f"{column}: the record id is empty.")
    if len(row.record_id) > LONGEST_RECORD_ID:
        raise MalformedRecordsError(f"{column}: longer than {LONGEST_RECORD_ID} characters.")
    if "\0" in row.record_id:
        raise MalformedRecordsError(f"{column}: it contains a NUL character.")
    if row.record_id in seen:
        # Not quoted: the sentence is kept where nothing is erased.
        raise MalformedRecordsError(f"{column}: this record id stands in an earlier row too.")
    if not row.subjects:
        wanted = " or ".join(layout.subject_columns)
        raise MalformedRecordsError(f"{here}, column {wanted}: no data subject is named.")
