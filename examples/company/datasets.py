"""How the company lays a dataset down: segments first, then the description that completes it."""

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path

from unlearning.data import DESCRIPTION_FILE

SEGMENT_ROWS = 5_000
Row = Mapping[str, object]


def record_index(record_id_column: str, *subject_columns: str) -> dict[str, object]:
    """Return the facet ``vestige_recordIndex`` of a dataset, also kept beside its segments."""
    return {
        "format": "csv",
        "subjectColumns": list(subject_columns),
        "recordIdColumn": record_id_column,
    }


#: Of every dataset with one row a customer.
CUSTOMERS = record_index("customer_number", "email")
IMAGES = record_index("image_id", "email")
#: Rows that nobody owns.
SYNTHETIC = record_index("row_id")


def is_written(directory: Path) -> bool:
    """Whether the dataset is there, whole.

    It then stays as it is: writing it again would bring back deleted people.
    """
    return (directory / DESCRIPTION_FILE).exists()


def write_dataset(
    directory: Path,
    rows: Iterable[Row],
    *,
    columns: Sequence[str],
    index: Mapping[str, object],
    segment_rows: int = SEGMENT_ROWS,
) -> None:
    """Write segments, then the description that makes the directory a dataset."""
    directory.mkdir(parents=True, exist_ok=True)
    remaining = iter(rows)
    segment = 0
    while part := list(islice(remaining, segment_rows)):
        path = directory / f"segment-{segment:04d}.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(part)
        segment += 1
    (directory / DESCRIPTION_FILE).write_text(json.dumps(index, indent=2), encoding="utf-8")
