"""What was measured, arranged for print."""

from collections.abc import Sequence

from governance.wording import measure_name, measured, outcome_name, phrase, state_tone
from reports.pdf_blocks import Block, Json, heading, table_of, tag, text


def measured_blocks(document: Json) -> list[Block]:
    """The section on what was measured: numbers, receipts, recipients and threat model."""
    return [
        text(document["baseline"]),
        *table_of(
            "Before and after the work, beside the reference; a dash means not measured",
            ["Artifact", "Evidence", "Measure", "Before", "After", "Reference"],
            [4, 4, 4, 2, 2, 2],
            [
                [
                    row["artifact"] or "Whole plan",
                    phrase(row["evidence"]),
                    measure_name(row["measure"]),
                    *(measured(row[moment_]) for moment_ in ("before", "after", "reference")),
                ]
                for row in document["measurements"]
            ],
        ),
        *_membership(document["membership"]),
        *_destructions(document["destructions"]),
        *_recipients(document["recipients"]),
        *_threats(document["threat_model"]),
    ]


def _membership(rows: Sequence[Json]) -> list[Block]:
    if not rows:
        return []
    return [
        heading("Told apart by an attack with many models"),
        text(
            "For each forgotten record: how well an attack tells models that were trained with it"
            " from models that were trained without it, before and after the treatment. The control"
            " compares two sets of models that were trained without it. 0.5 is guessing; the"
            " decision is one for all records of an artifact."
        ),
        *table_of(
            "Each with its 95% interval",
            ["Artifact", "Record", "Attack", "Before", "After", "Control", "Models", "Decision"],
            [3.4, 1.8, 3, 3, 3, 3, 1.9, 3],
            [
                [
                    row["artifact"],
                    row["record"],
                    row["attack"],
                    row["before"],
                    row["after"],
                    row["control"],
                    str(row["replicas"]),
                    tag(outcome_name(row["decision"]), state_tone(row["decision"])),
                ]
                for row in rows
            ],
        ),
    ]


def _destructions(rows: Sequence[Json]) -> list[Block]:
    if not rows:
        return []
    return [
        heading("Receipts of destruction"),
        *table_of(
            "Each location as it was read again afterwards",
            ["Artifact", "Location", "Files", "Bytes", "Read again"],
            [4, 7, 1.5, 2, 2.5],
            [
                [
                    f"{row['artifact']} ({row['what']})",
                    row["location"],
                    measured(row["files"]),
                    measured(row["bytes"]),
                    tag("absent", "green") if row["absent"] else tag("still there", "red"),
                ]
                for row in rows
            ],
        ),
    ]


def _recipients(rows: Sequence[Json]) -> list[Block]:
    if not rows:
        return []
    return [
        heading("Recipients outside the organisation"),
        *table_of(
            "Who was told, and who answered; a dash means that nothing is on record",
            ["Recipient", "Notified", "Acknowledged"],
            [4, 6, 6],
            [[row["name"], row["notified"] or "-", row["acknowledged"] or "-"] for row in rows],
        ),
    ]


def _threats(rows: Sequence[Json]) -> list[Block]:
    if not rows:
        return []
    columns = ("adversary", "metric", "test_set", "known_failures")
    return [
        heading("Threat model"),
        *table_of(
            "Against whom each kind of evidence speaks, and where it is known to fail",
            ["Evidence", "Adversary", "Metric", "Test set", "Known failures"],
            [3, 4, 4, 4, 4],
            [[phrase(row["evidence"]), *(row[name] for name in columns)] for row in rows],
        ),
    ]
