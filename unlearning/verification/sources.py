"""Whether the source files still hold the records: every field of every row is read."""

from collections.abc import Collection
from pathlib import Path

from unlearning.data import read_rows, segment_files
from unlearning.verification import Finding
from unlearning.verification.wording import counted


def check_source_rows_absent(*, directory: Path, record_ids: Collection[str]) -> Finding:
    """Read every segment file and look for the record ids in any column.

    Files without a single row show nothing: the finding stays inconclusive.
    """
    wanted = frozenset(record_ids)
    rows = 0
    holding: list[str] = []
    files = segment_files(directory)
    for file in files:
        for row in read_rows(file):
            rows += 1
            if not wanted.isdisjoint(str(value) for value in row.values()):
                holding.append(file.name)
    if holding:
        summary = (
            f"The records are still in {counted(len(holding), 'row')} of "
            f"{', '.join(sorted(set(holding)))}."
        )
    elif rows:
        summary = (
            f"All {rows:,} rows of {len(files)} segment files were read; none holds the records."
        )
    else:
        summary = f"Not established: {len(files)} segment files hold no row that could be read."
    return Finding(
        kind="source_rows_absent",
        outcome="failed" if holding else "passed" if rows else "inconclusive",
        summary=summary,
        payload={"rows_read": rows, "segments_read": len(files), "rows_found": len(holding)},
    )
