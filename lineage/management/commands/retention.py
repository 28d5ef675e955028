"""``manage.py retention [--json]``."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from lineage.selectors import retention


class Command(BaseCommand):
    """List what is kept longer than its term."""

    help = "List what is past its retention term, for destruction, and what has no term."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *_: object, **options: Any) -> None:  # noqa: ANN401 - Django fixes the signature
        """Print both lists."""
        found = retention(timezone.now())
        if options["json"]:
            self.stdout.write(json.dumps(asdict(found), cls=DjangoJSONEncoder, indent=2))
            return
        self.stdout.write(f"Past their term, to be destroyed: {len(found.past_term)}")
        for item in found.past_term:
            days = "1 day" if item.days_over == 1 else f"{item.days_over} days"
            self.stdout.write(
                f"  {item.kind:18} {item.name}: until {item.until}, {days} over; {item.location}"
            )
        self.stdout.write(f"No term recorded: {len(found.no_term_recorded)}")
        for item in found.no_term_recorded:
            self.stdout.write(f"  {item.kind:18} {item.name}")
