"""``manage.py index_load SOURCE --dataset NAME[@VERSION] --record-id COL --subject COL …``."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from lineage.errors import UnreadableRecords
from lineage.records import RecordFormat, RecordLayout
from lineage.services import LoadOrder, LoadSummary, check_source, load_dataset
from lineage.services.record_sources import AUTO, MLFLOW, open_source


class Command(BaseCommand):
    """Load a dataset into the record index."""

    help = "Load the rows of a file, a folder, a query or an MLflow dataset into the record index."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("source", help="a path, mlflow:RUN[/NAME], postgresql:// or sqlite:///")
        parser.add_argument("--dataset", required=True, help="NAME or NAME@VERSION")
        parser.add_argument("--record-id", required=True, help="column that names the record")
        parser.add_argument(
            "--subject",
            action="append",
            required=True,
            help="column that says whose record it is; may be repeated",
        )
        parser.add_argument("--format", choices=[AUTO, *RecordFormat, MLFLOW], default=AUTO)
        parser.add_argument("--query", default="", help="of a database")
        parser.add_argument("--tracking-uri", default="", help="of MLflow [the configured server]")
        parser.add_argument("--on-bad-row", choices=["stop", "skip"], default="stop")
        parser.add_argument(
            "--unnamed-rows",
            action="store_true",
            help="take rows that name nobody: duplicates of somebody's records are found",
        )
        parser.add_argument(
            "--near-duplicates",
            action="store_true",
            help="look for texts that are nearly the same, too",
        )
        parser.add_argument("--dry-run", action="store_true", help="read all, write nothing")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *_: object, **options: Any) -> None:  # noqa: ANN401 - Django fixes the signature
        """Load, and say what was loaded."""
        try:
            summary, by_hand = _load(options)
        except UnreadableRecords as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps(_document(summary, by_hand, options), indent=2))
            return
        verb = "would be" if options["dry_run"] else "were"
        self.stdout.write(
            f"Segments that {verb} read: {summary.segments_read:,} of {summary.segments:,}, with "
            f"{summary.rows:,} rows."
        )
        if summary.bad_rows:
            self.stdout.write(
                f"Bad rows that {verb} left out: {summary.bad_rows:,}. The dataset stays a gap "
                "until they are put right and it is loaded again."
            )
        for row in summary.listed:
            self.stdout.write(f"  {row}")
        if by_hand:
            self.stdout.write(f"A person must delete records here on request: {by_hand}.")


def _load(options: dict[str, Any]) -> tuple[LoadSummary, str]:
    name, _, version = options["dataset"].partition("@")
    asked = RecordLayout(
        record_id_column=options["record_id"],
        subject_columns=tuple(dict.fromkeys(options["subject"])),
        unnamed_rows=options["unnamed_rows"],
        near_duplicates=options["near_duplicates"],
    )
    opened = open_source(
        options["source"],
        asked,
        form=options["format"],
        query=options["query"],
        tracking_uri=options["tracking_uri"],
    )
    act = check_source if options["dry_run"] else load_dataset
    with opened as (source, layout, by_hand), _bar() as progress:
        bar = progress.add_task("Reading", total=None, rows=0)
        order = LoadOrder(
            name=name,
            version=version,
            layout=layout,
            skip_bad_rows=options["on_bad_row"] == "skip",
            by_hand=by_hand,
        )

        def show(done: int, length: int | None, rows: int) -> None:
            progress.update(bar, completed=done, total=length, rows=rows)

        return act(order, source, show), by_hand


def _bar() -> Progress:
    """Show the segments done; standard output is kept for the result."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.completed} segments, {task.fields[rows]:,} rows"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
    )


def _document(summary: LoadSummary, by_hand: str, options: dict[str, Any]) -> dict[str, object]:
    return {
        "dataset": options["dataset"],
        "artifact_id": summary.artifact_id,
        "dry_run": options["dry_run"],
        "segments": summary.segments,
        "segments_read": summary.segments_read,
        "rows": summary.rows,
        "bad_rows": summary.bad_rows,
        "listed": [
            {"segment": row.segment, "row": row.line, "column": row.column, "problem": row.problem}
            for row in summary.listed
        ],
        "by_hand": by_hand,
    }
