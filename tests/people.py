"""A very small company: people's rows on disk, read into the graph and the record index."""

import csv
import json
from pathlib import Path

from django.utils import timezone

from lineage.graph import ArtifactKind
from lineage.models import Artifact
from lineage.services import load_record_index

#: (customer number, e-mail, city) of each person; Ann's row is the one to forget.
ROWS = [
    ("C-1", "ann@example.com", "Berlin"),
    ("C-2", "bob@example.com", "Lyon"),
    ("C-3", "cem@example.com", "Izmir"),
    ("C-4", "dee@example.com", "Cork"),
]
ANN = "ann@example.com"
CEM = "cem@example.com"


def write_dataset(
    directory: Path, rows: list[tuple[str, str, str]] = ROWS, segments: int = 2
) -> Path:
    """Write the rows, dealt out over segment files, with their description."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "record-index.json").write_text(
        json.dumps(
            {"format": "csv", "subjectColumns": ["email"], "recordIdColumn": "customer_number"}
        )
    )
    for segment in range(segments):
        with (directory / f"segment-{segment:04d}.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["customer_number", "email", "city"])
            writer.writerows(rows[segment::segments])
    return directory


def record_dataset(directory: Path, *, name: str = "people") -> Artifact:
    """Put a dataset version into the graph and read its rows."""
    artifact = Artifact.objects.create(
        kind=ArtifactKind.DATASET_VERSION,
        name=f"{name} v1",
        identity=f"dataset:test/{name}@v1",
        location=directory.as_uri(),
        occurred_at=timezone.now(),
        attributes={
            "seen": True,
            "record_index": {
                "subject_columns": ["email"],
                "record_id_column": "customer_number",
            },
        },
    )
    load_record_index(dataset_version_id=artifact.pk)
    artifact.refresh_from_db()
    return artifact


def customers(directory: Path, *, pattern: str = "segment-*.csv") -> set[str]:
    """Read which customer numbers the files hold now."""
    found = set()
    for file in directory.glob(pattern):
        with file.open(newline="") as rows:
            found |= {row["customer_number"] for row in csv.DictReader(rows)}
    return found
