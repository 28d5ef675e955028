"""``manage.py graph_image [--json]``."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand

from lineage.services import write_image


class Command(BaseCommand):
    """Lay the graph out for fast traces."""

    help = "Lay the whole graph out anew for fast traces."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *_: object, **options: Any) -> None:  # noqa: ANN401 - Django fixes the signature
        """Write the image and say what is in it."""
        written = write_image()
        if options["json"]:
            self.stdout.write(json.dumps(asdict(written), indent=2))
            return
        self.stdout.write(
            f"Laid out {written.artifacts} artifacts and {written.edges} edges as of moment "
            f"{written.moment}, in {written.bytes} bytes."
        )
