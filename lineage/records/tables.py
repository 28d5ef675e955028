"""The rows of a file as columns and text: one reader a format, each streaming."""

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from lineage.records.text import text_of
from lineage.records.values import MalformedRecordsError, RecordFormat

if TYPE_CHECKING:
    from _csv import Reader

#: Rows in memory at a time where a format is read in batches.
BATCH = 4096


@dataclass(frozen=True, kw_only=True)
class Broken:
    """Why a row cannot be read as columns; quotes no value."""

    problem: str
    #: Empty where the whole row is meant.
    column: str = ""


#: Line or row number, from 1, and the text of each column.
RawRow: TypeAlias = tuple[int, Mapping[str, str] | Broken]


def raw_rows(path: Path, form: RecordFormat, wanted: Iterable[str]) -> Iterator[RawRow]:
    """Stream the rows of a file.

    Args:
        path: The file.
        form: How it is written.
        wanted: Columns that must be there, where the file names its columns once for all rows.

    Raises:
        MalformedRecordsError: The file is not of this format, or breaks off; a column is missing
            or occurs several times.
    """
    yield from _READERS[form](path, tuple(wanted))


def read_values(path: Path, form: RecordFormat) -> Iterator[dict[str, str]]:
    """Stream the rows of a file as text by column.

    Raises:
        MalformedRecordsError: A row cannot be read.
    """
    for line, values in raw_rows(path, form, ()):
        if isinstance(values, Broken):
            raise MalformedRecordsError(f"{path.name}, row {line}: {values.problem}.")
        yield dict(values)


def _csv_rows(path: Path, wanted: tuple[str, ...]) -> Iterator[RawRow]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            yield from _fields(csv.reader(file, strict=True), path, wanted)
    except UnicodeDecodeError as error:
        raise MalformedRecordsError(f"{path.name} is not UTF-8: {error.reason}.") from error


def _fields(reader: "Reader", path: Path, wanted: tuple[str, ...]) -> Iterator[RawRow]:
    try:
        header = next(reader, [])
        require_columns(header, wanted, f"{path.name}, row 1")
        for fields in reader:
            if len(fields) == len(header):
                yield reader.line_num, dict(zip(header, fields, strict=True))
            else:
                problem = f"{len(fields)} fields where the header has {len(header)}"
                yield reader.line_num, Broken(problem=problem)
    except csv.Error as error:
        raise MalformedRecordsError(f"{path.name}, row {reader.line_num}: {error}.") from error


def require_columns(header: list[str], wanted: Iterable[str], here: str) -> None:
    """Make sure that each column is there once.

    Raises:
        MalformedRecordsError: One is missing or occurs several times.
    """
    for column in wanted:
        count = header.count(column)
        if count != 1:
            problem = "is missing" if count == 0 else f"occurs {count} times"
            raise MalformedRecordsError(f"{here}: the column {column} {problem}.")


def _json_lines(path: Path, _wanted: tuple[str, ...]) -> Iterator[RawRow]:
    with path.open("rb") as file:
        for line, text in enumerate(file, start=1):
            if text.strip():
                yield line, json_values(text)


def json_values(text: bytes) -> Mapping[str, str] | Broken:
    """Read one line of JSON; a name that stands twice in it would hide the first value."""
    try:
        pairs = json.loads(text, object_pairs_hook=_Pairs)
        if not isinstance(pairs, _Pairs):
            return Broken(problem="it is no JSON object")
        values = {name: text_of(_plain(value)) for name, value in pairs}
    except ValueError as error:
        return Broken(problem=_problem_of_json(error))
    except RecursionError:
        return Broken(problem="it is nested too deeply")
    if len(values) != len(pairs):
        return Broken(problem="a name stands twice in it")
    return values


def _problem_of_json(error: ValueError) -> str:
    match error:
        case UnicodeDecodeError():
            return f"it is not UTF-8 at byte {error.start + 1}"
        case json.JSONDecodeError():
            return f"it is no JSON at character {error.pos + 1}: {error.msg}"
        case _:
            # Python reads no number of more than some thousand digits.
            return "a number in it is too long"


class _Pairs(list[tuple[str, Any]]):
    """A JSON object as it was written."""


def _plain(value: object) -> object:
    if isinstance(value, _Pairs):
        return {name: _plain(inner) for name, inner in value}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


def _parquet_rows(path: Path, wanted: tuple[str, ...]) -> Iterator[RawRow]:
    import pyarrow as pa  # noqa: PLC0415 - the web process must never load it
    from pyarrow import parquet  # noqa: PLC0415 - the same

    try:
        with parquet.ParquetFile(path, pre_buffer=False) as file:
            require_columns(file.schema_arrow.names, wanted, path.name)
            yield from _columnar(file.iter_batches(batch_size=BATCH))
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(path, "Parquet", error) from error


def _arrow_rows(path: Path, wanted: tuple[str, ...]) -> Iterator[RawRow]:
    import pyarrow as pa  # noqa: PLC0415 - the web process must never load it
    from pyarrow import ipc  # noqa: PLC0415 - the same

    try:
        with pa.memory_map(str(path)) as file, ipc.open_stream(file) as stream:
            require_columns(stream.schema.names, wanted, path.name)
            whole = (batch for batch in stream)
            yield from _columnar(
                batch.slice(start, BATCH)
                for batch in whole
                for start in range(0, batch.num_rows, BATCH)
            )
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(path, "Arrow", error) from error


def _columnar(batches: Iterable[Any]) -> Iterator[RawRow]:
    line = 0
    for batch in batches:
        names = batch.schema.names
        columns = [column.to_pylist() for column in batch.columns]
        for fields in zip(*columns, strict=True):
            line += 1
            yield line, dict(zip(names, map(text_of, fields), strict=True))


def _unreadable(path: Path, words: str, error: Exception) -> MalformedRecordsError:
    """Say what failed without the library's own words, which may quote a value."""
    kind = type(error).__name__
    return MalformedRecordsError(f"{path.name} cannot be read as a whole {words} file ({kind}).")


_READERS: dict[RecordFormat, Callable[[Path, tuple[str, ...]], Iterator[RawRow]]] = {
    RecordFormat.CSV: _csv_rows,
    RecordFormat.JSONL: _json_lines,
    RecordFormat.PARQUET: _parquet_rows,
    RecordFormat.HUGGINGFACE: _arrow_rows,
}
