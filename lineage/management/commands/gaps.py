"""``manage.py gaps [--json] [--severity high|low] [--rule RULE]``."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand

from lineage.gaps import RULE_NAMES
from lineage.selectors import find_gaps


class Command(BaseCommand):
    """List the gaps of the graph."""

    help = "Show what the lineage graph does not know, and how to close each gap."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--json", action="store_true", help="print one JSON array")
        parser.add_argument(
            "--severity", choices=("high", "low"), help="show only gaps of this severity"
        )
        parser.add_argument(
            "--rule", choices=RULE_NAMES, metavar="RULE", help="show only gaps that this rule found"
        )

    def handle(self, *_: object, **options: Any) -> None:  # noqa: ANN401 - Django fixes the signature
        """Print each gap; the exit status is 0 whether or not there are any."""
        severity, rule = options["severity"], options["rule"]
        gaps = [
            gap
            for gap in find_gaps()
            if severity in (None, gap.severity) and rule in (None, gap.rule)
        ]
        if options["json"]:
            self.stdout.write(json.dumps([asdict(gap) for gap in gaps], indent=2))
            return
        for gap in gaps:
            self.stdout.write(f"{gap.severity:4} {gap.rule}: {gap.hides} {gap.remedy}")
        self.stdout.write(f"{len(gaps)} gaps")
