"""Writing a segment file anew without some records, format by format.

Rows of text keep their bytes. A Parquet file keeps its columns, types, metadata and row groups; its
other rows keep their values, and the file is compressed as before.
"""

import csv
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import TextIO

from lineage.records import Broken, json_values, record_id_in, text_of
from unlearning.data import DatasetError


def rewrite(source: Path, target: Path, column: str, record_ids: Collection[str]) -> int:
    """Copy a segment without the records and return how many rows were left out.

    Args:
        source: The segment.
        target: The file to write.
        column: Column whose value names the record.
        record_ids: The forget set.

    Raises:
        DatasetError: No file of this ending can be rewritten, the column is missing, or a row
            cannot be read.
    """
    rewriter = _REWRITERS.get(source.suffix.lower())
    if rewriter is None:
        raise DatasetError(f"{source.name} is of no format that can be rewritten")
    return rewriter(source, target, column, record_ids)


def _csv(source: Path, target: Path, column: str, record_ids: Collection[str]) -> int:
    removed = 0
    with (
        source.open(newline="", encoding="utf-8") as old,
        target.open("w", newline="", encoding="utf-8") as new,
    ):
        rows = _rows_with_text(old)
        header, text = next(rows, ([], ""))
        if column not in header:
            raise DatasetError(f"{source.name} has no column {column}")
        new.write(text)
        position = header.index(column)
        for row, text in rows:
            if len(row) > position and record_id_in(row[position]) in record_ids:
                removed += 1
            else:
                new.write(text)
    return removed


def _rows_with_text(file: TextIO) -> Iterator[tuple[list[str], str]]:
    """Yield each row parsed and as it was written; a quoted field may span lines."""
    read: list[str] = []

    def lines() -> Iterator[str]:
        for line in file:
            read.append(line)
            yield line

    for row in csv.reader(lines()):
        yield row, "".join(read)
        read.clear()


def _json_lines(source: Path, target: Path, column: str, record_ids: Collection[str]) -> int:
    removed = 0
    with source.open("rb") as old, target.open("wb") as new:
        for line, text in enumerate(old, start=1):
            values = json_values(text) if text.strip() else {column: ""}
            if isinstance(values, Broken) or column not in values:
                raise DatasetError(f"{source.name}, row {line} is no row with a {column}")
            if record_id_in(values[column]) in record_ids:
                removed += 1
            else:
                new.write(text)
    return removed


def _parquet(source: Path, target: Path, column: str, record_ids: Collection[str]) -> int:
    import pyarrow as pa  # noqa: PLC0415 - the web process must never load it
    from pyarrow import parquet  # noqa: PLC0415 - the same

    removed = 0
    with parquet.ParquetFile(source) as old:
        if column not in old.schema_arrow.names:
            raise DatasetError(f"{source.name} has no column {column}")
        with parquet.ParquetWriter(target, old.schema_arrow, compression=_codec(old)) as new:
            for number in range(old.num_row_groups):
                group = old.read_row_group(number)
                ids = group.column(column).to_pylist()
                kept = [record_id_in(text_of(value)) not in record_ids for value in ids]
                removed += len(kept) - sum(kept)
                new.write_table(group.filter(pa.array(kept, pa.bool_())))
    return removed


def _codec(file: object) -> str:
    """The compression of the first column; a file without rows says nothing of it."""
    metadata = getattr(file, "metadata", None)
    if metadata is None or not metadata.num_row_groups:
        return "snappy"
    codec = str(metadata.row_group(0).column(0).compression).lower()
    return "none" if codec == "uncompressed" else codec


_REWRITERS: dict[str, Callable[[Path, Path, str, Collection[str]], int]] = {
    ".csv": _csv,
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".parquet": _parquet,
    ".pq": _parquet,
}
