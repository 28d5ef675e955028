"""People's records as training sees them: by id, never by position.

A dataset is a directory of segment files (``segment-*.csv``, Parquet or JSON Lines), one row a
record, and of ``record-index.json``, which says what the columns mean and holds no record itself::

    {"format": "csv", "subjectColumns": ["email"], "recordIdColumn": "customer_number"}
"""

import csv
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from lineage.records import (
    DESCRIPTION_FILE,
    REWRITABLE,
    SUFFIXES,
    MalformedRecordsError,
    RecordFormat,
    read_values,
    record_id_in,
    segment_paths,
)
from unlearning.digests import json_digest, record_digest

__all__ = [
    "DESCRIPTION_FILE",
    "DatasetError",
    "Description",
    "Record",
    "RecordView",
    "local_path",
    "possible_segments",
    "read_description",
    "read_records",
    "read_rows",
    "segment_files",
]


class DatasetError(Exception):
    """The dataset cannot be read as people's records."""


@dataclass(frozen=True, kw_only=True)
class Description:
    """What the columns of a dataset mean."""

    #: Columns that say whose record a row is.
    subject_columns: tuple[str, ...]
    #: Column whose value names the record. Planning refuses ids that name several people's records.
    record_id_column: str


@dataclass(frozen=True, kw_only=True)
class Record:
    """One row."""

    id: str
    #: Column name to text, as in the file.
    values: Mapping[str, str]


def local_path(location: str | Path) -> Path:
    """Turn a path or a ``file:`` URI into a path.

    Raises:
        DatasetError: The location is not on this machine.
    """
    parts = urlsplit(str(location))
    if parts.scheme not in ("", "file"):
        raise DatasetError(f"{location} is not a local directory")
    return Path(unquote(parts.path) if parts.scheme else str(location))


def read_description(directory: Path) -> Description:
    """Read what the columns of a dataset mean.

    Raises:
        DatasetError: The description is missing or unusable.
    """
    path = directory / DESCRIPTION_FILE
    try:
        facet = json.loads(path.read_text(encoding="utf-8"))
        return Description(
            subject_columns=tuple(facet["subjectColumns"]),
            record_id_column=str(facet["recordIdColumn"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DatasetError(f"{path} does not describe a dataset: {error}") from error


def segment_files(directory: Path) -> tuple[Path, ...]:
    """Return a dataset's segment files by name.

    Raises:
        DatasetError: There are none, or they are of several formats.
    """
    files = possible_segments(directory)
    if not files:
        raise DatasetError(f"{directory} holds no segment-*.csv, Parquet or JSON Lines file")
    if len({_format_of(file) for file in files}) > 1:
        raise DatasetError(f"{directory} holds files of several formats")
    return files


def possible_segments(directory: Path) -> tuple[Path, ...]:
    """Return the files of a directory that are, or may be, segments, by name; whatever they hold.

    CSV files are segments by their name alone: where one is called ``segment-*.csv``, nothing else
    there is one.
    """
    found = []
    for form in sorted(REWRITABLE):
        try:
            files = segment_paths(directory, form)
        except MalformedRecordsError:
            continue
        if form is RecordFormat.CSV and files[0].name.startswith("segment-"):
            return tuple(files)
        found += files
    return tuple(sorted(found))


def read_rows(segment: Path) -> Iterator[dict[str, str]]:
    """Yield the rows of one segment file.

    Raises:
        DatasetError: The file, or a row of it, cannot be read.
    """
    form = _format_of(segment)
    if form is RecordFormat.CSV:
        with segment.open(newline="", encoding="utf-8") as file:
            yield from csv.DictReader(file)
        return
    try:
        yield from read_values(segment, form)
    except MalformedRecordsError as error:
        raise DatasetError(str(error)) from error


def _format_of(file: Path) -> RecordFormat:
    return next(form for form in REWRITABLE if file.suffix.lower() in SUFFIXES[form])


def read_records(segment: Path, description: Description) -> Iterator[Record]:
    """Yield the records of one segment file.

    Raises:
        DatasetError: A row has no id.
    """
    for row in read_rows(segment):
        record_id = record_id_in(row.get(description.record_id_column) or "")
        if not record_id:
            raise DatasetError(f"{segment} has a row without {description.record_id_column}")
        yield Record(id=record_id, values=row)


@dataclass(frozen=True, kw_only=True)
class RecordView:
    """The records of one or more datasets, sorted by id, less those excluded."""

    locations: tuple[str, ...]
    description: Description
    #: Sorted by id.
    records: tuple[Record, ...]
    #: Records that were found in the files and left out, sorted by id.
    excluded: tuple[Record, ...]
    #: Every id that was asked to be left out, found or not.
    exclude_ids: frozenset[str]

    @classmethod
    def open(cls, *locations: str | Path, exclude: Collection[str] = frozenset()) -> "RecordView":
        """Read every record of the datasets except those excluded.

        An id that lies in several of the datasets is one record; the last dataset named wins. That
        the record is nobody else's, planning has made sure of.

        Raises:
            DatasetError: A dataset cannot be read, or a row has no id.
        """
        if not locations:
            raise DatasetError("no dataset was named")
        found: dict[str, Record] = {}
        for location in locations:
            directory = local_path(location)
            description = read_description(directory)
            for segment in segment_files(directory):
                for record in read_records(segment, description):
                    found[record.id] = record
        unwanted = frozenset(exclude)
        ordered = [found[record_id] for record_id in sorted(found)]
        return cls(
            locations=tuple(str(location) for location in locations),
            description=description,
            records=tuple(record for record in ordered if record.id not in unwanted),
            excluded=tuple(record for record in ordered if record.id in unwanted),
            exclude_ids=unwanted,
        )

    @classmethod
    def empty(cls, *, exclude: Collection[str] = frozenset()) -> "RecordView":
        """The view of what reads no rows at all, as a quantisation of a model."""
        return cls(
            locations=(),
            description=Description(subject_columns=(), record_id_column=""),
            records=(),
            excluded=(),
            exclude_ids=frozenset(exclude),
        )

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of the records, sorted."""
        return tuple(record.id for record in self.records)

    def content(self, record: Record) -> tuple[str, ...]:
        """Return what a record says, without its id and without whose it is."""
        hidden = {self.description.record_id_column, *self.description.subject_columns}
        return tuple(value for name, value in sorted(record.values.items()) if name not in hidden)

    def manifest(self) -> dict[str, object]:
        """Return which records training saw: digests of ids, sorted, and their own digest."""
        digests = sorted(record_digest(record.id) for record in self.records)
        return {
            "datasets": list(self.locations),
            "records": len(digests),
            "excluded": len(self.excluded),
            "records_digest": json_digest(digests),
            "record_digests": digests,
        }
