"""The copy of the forgotten rows that verification needs, and its destruction.

Membership inference asks whether a model still knows a record; once the source rows are deleted
only this copy can ask. It lies in the job's directory and is destroyed after verification.
"""

import csv
import json
import shutil
from pathlib import Path

from unlearning.data import DESCRIPTION_FILE, RecordView

FOLDER = "forget-set"


def keep_forget_set(view: RecordView, out: Path) -> Path:
    """Write the excluded records as a dataset of their own and return its directory."""
    directory = out / FOLDER
    directory.mkdir(parents=True, exist_ok=True)
    index = {
        "format": "csv",
        "subjectColumns": [],
        "recordIdColumn": view.description.record_id_column,
    }
    hidden = set(view.description.subject_columns)
    names = [name for name in view.excluded[0].values if name not in hidden]
    with (directory / "segment-0000.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(dict(record.values) for record in view.excluded)
    (directory / DESCRIPTION_FILE).write_text(json.dumps(index), encoding="utf-8")
    return directory


def destroy_forget_set(directory: Path) -> bool:
    """Delete a copy; True when there was one.

    Only a directory that bears the copy's own name is ever deleted, whatever a manifest says.
    """
    if directory.name != FOLDER or not directory.is_dir():
        return False
    shutil.rmtree(directory)
    return True
