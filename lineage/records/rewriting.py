"""Whether rows can be taken out of the files of a dataset by a job, or only by a person."""

import json
from pathlib import Path

from lineage.records.values import RecordFormat, RecordLayout

#: File of a dataset directory that describes its columns; jobs read the rows by it.
DESCRIPTION_FILE = "record-index.json"
#: Formats whose files a job can write anew without some rows.
REWRITABLE = frozenset({RecordFormat.CSV, RecordFormat.JSONL, RecordFormat.PARQUET})
#: Why the others cannot be: one line a format.
_WHY_NOT = {
    RecordFormat.SQL: "its rows lie in a database",
    RecordFormat.HUGGINGFACE: (
        "its files are a Hugging Face folder, whose own description and caches would not fit any "
        "more"
    ),
}


def why_not_rewritable(form: RecordFormat) -> str:
    """Say why no job rewrites files of a format; empty where one does."""
    return "" if form in REWRITABLE else _WHY_NOT[form]


def why_by_hand(place: Path, layout: RecordLayout) -> str:
    """Say why only a person can take rows out of a place; empty where a job can.

    Args:
        place: A file or a directory.
        layout: The columns under which it was loaded.
    """
    if reason := why_not_rewritable(layout.format):
        return reason
    if not place.is_dir():
        return f"it is a single file, and no {DESCRIPTION_FILE} says what its columns mean"
    try:
        described = json.loads((place / DESCRIPTION_FILE).read_text(encoding="utf-8"))
        fits = (
            described["recordIdColumn"] == layout.record_id_column
            and described.get("format", RecordFormat.CSV) == layout.format
            and set(described["subjectColumns"]) == set(layout.subject_columns)
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return f"no usable {DESCRIPTION_FILE} lies beside its files"
    return "" if fits else f"the {DESCRIPTION_FILE} beside its files names other columns"
