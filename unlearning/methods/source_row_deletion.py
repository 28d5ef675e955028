"""Source row deletion: segment files are written anew without the forgotten rows.

Every other row keeps its bytes. The caller swaps the new files in. What it does not guarantee
stands in the method table.
"""

import csv
import time
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TextIO

from lineage.records import record_id_in
from unlearning.data import RecordView, local_path, read_description, segment_files
from unlearning.digests import file_digest
from unlearning.jobfiles import JobInputError, Report, StepInput, StepOutput
from unlearning.methods.forget_set_checks import require_forgettable
from unlearning.verification.duplicates import check_duplicates


def apply(job: StepInput, report: Report) -> StepOutput:
    """Write those segment files anew that hold a forgotten record.

    Raises:
        JobInputError: The dataset holds none of the records, or nothing else.
    """
    started = time.perf_counter()
    directory = local_path(job.need_model_dir())
    view = RecordView.open(directory, exclude=job.record_ids)
    require_forgettable(view)
    column = read_description(directory).record_id_column
    files = segment_files(directory)
    out = job.out / "segments"
    out.mkdir(parents=True, exist_ok=True)
    segments = []
    for index, file in enumerate(files):
        removed = _rewrite(file, out / file.name, column, job.record_ids)
        if removed:
            segments.append(
                {
                    "file": file.name,
                    "old_digest": file_digest(file),
                    "new_digest": file_digest(out / file.name),
                    "removed": removed,
                }
            )
        else:
            (out / file.name).unlink()
        report((index + 1) / len(files), f"segment {index + 1} of {len(files)}")
    return StepOutput(
        model_dir=out,
        seconds=time.perf_counter() - started,
        manifest={"rows": len(view.records), "removed": len(view.excluded)},
        details={"segments": segments},
        evidence=(check_duplicates(view),),
    )


def _rewrite(source: Path, target: Path, column: str, record_ids: Collection[str]) -> int:
    """Copy a segment without the records and return how many rows were left out."""
    removed = 0
    with (
        source.open(newline="", encoding="utf-8") as old,
        target.open("w", newline="", encoding="utf-8") as new,
    ):
        rows = _rows_with_text(old)
        header, text = next(rows, ([], ""))
        if column not in header:
            raise JobInputError(f"{source.name} has no column {column}")
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
