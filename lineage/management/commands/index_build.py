"""``manage.py index_build [--drop]``."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from lineage.services import build_file_index, drop_file_index


class Command(BaseCommand):
    """Build a file index."""

    help = "Build a file index of all memberships beside the database."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--drop", action="store_true", help="do without a file index again")

    def handle(self, *_: object, **options: Any) -> None:  # noqa: ANN401 - Django fixes the signature
        """Build it, or drop it."""
        if options["drop"]:
            drop_file_index()
            self.stdout.write("There is no file index any more.")
            return
        index = build_file_index(
            progress=lambda read: self.stderr.write(f"{read:,} memberships read")
        )
        self.stdout.write(
            f"{index.memberships:,} memberships of {index.subjects:,} people in "
            f"{index.nbytes:,} bytes."
        )
