"""Whether the source files still hold the records: every row is read and told by its own id."""

from collections.abc import Collection
from pathlib import Path

from unlearning.data import read_description, read_records, segment_files
from unlearning.verification import Finding
from unlearning.verification.wording import counted


def check_source_rows_absent(
    *, directory: Path, described_in: Path, record_ids: Collection[str]
) -> Finding:
    """Read every segment file and look for the record ids in the column that names records.

    A number in another column, an age say, is no record id. Files without a single row show
    nothing: the finding stays inconclusive.

    Args:
        directory: The segment files.
        described_in: Directory of the description; a copy may have none of its own.
        record_ids: The forget set.

    Raises:
        DatasetError: The description or a file cannot be read, or a row has no id.
    """
    description = read_description(described_in)
    wanted = frozenset(record_ids)
    rows = 0
    holding: list[str] = []
    files = segment_files(directory)
    for file in files:
        for record in read_records(file, description):
            rows += 1
            if record.id in wanted:
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
