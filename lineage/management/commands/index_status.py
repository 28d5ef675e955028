"""``manage.py index_status [--json]``."""

import json
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping
from typing import Any

from django.core.management.base import BaseCommand

from lineage.selectors.index_status import index_status_document


class Command(BaseCommand):
    """Show the state of the record index."""

    help = "Show how large the record index is, and under which versions of the key it lies."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *_: object, **options: Any) -> None:  # noqa: ANN401 - Django fixes the signature
        """Print it."""
        document = index_status_document()
        if options["json"]:
            self.stdout.write(json.dumps(document, indent=2))
            return
        for line in _lines(document):
            self.stdout.write(line)


def _lines(document: Mapping[str, Any]) -> Iterator[str]:
    for version in document["versions"]:
        current = " (current)" if version["key_version"] == document["key_version"] else ""
        yield (
            f"Key version {version['key_version']}{current}: {version['memberships']:,} memberships"
            f" of {version['subjects']:,} people; of {version['only_past']:,} of them all rows were"
            " taken out."
        )
    yield f"{document['bytes']:,} bytes in the database."
    used = document["last_artifact"] / document["last_segment_number"]
    yield f"{used:.1%} of the numbers that segments may have are used."
    built = document["file_index"]
    if built is None:
        yield "No file index."
        return
    yield (
        f"File index of {built['memberships']:,} memberships as of {built['started_at']}; of "
        f"{built['changed_since']:,} people it was changed since, and the database answers."
    )
