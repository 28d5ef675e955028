"""``manage.py gaps [--as-of T] [--json] [--severity high|low] [--rule RULE]``."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from governance.errors import VestigeError
from lineage.gaps import RULE_NAMES, SEVERITIES
from lineage.moments import moment_from
from lineage.selectors import GapQuestion, gaps_asked_for


class Command(BaseCommand):
    """List the gaps of the graph."""

    help = "Show what the lineage graph does not know, and how to close each gap."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--json", action="store_true", help="print one JSON array")
        parser.add_argument("--as-of", help="what was on record then, in ISO 8601 with an offset")
        parser.add_argument(
            "--severity", choices=SEVERITIES, help="show only gaps of this severity"
        )
        parser.add_argument(
            "--rule", choices=RULE_NAMES, metavar="RULE", help="show only gaps that this rule found"
        )

    def handle(self, *_: object, **options: Any) -> None:  # noqa: ANN401 - Django fixes the signature
        """Print each gap; the exit status is 0 whether or not there are any."""
        as_of = options["as_of"]
        try:
            asked = GapQuestion(
                as_of=moment_from(as_of, "as_of") if as_of is not None else None,
                severity=options["severity"],
                rule=options["rule"],
            )
            gaps = [found.gap for found in gaps_asked_for(asked)]
        except VestigeError as error:
            raise CommandError(error.detail) from error
        if options["json"]:
            self.stdout.write(json.dumps([asdict(gap) for gap in gaps], indent=2))
            return
        for gap in gaps:
            self.stdout.write(f"{gap.severity:4} {gap.rule}: {gap.hides} {gap.remedy}")
        self.stdout.write("1 gap" if len(gaps) == 1 else f"{len(gaps)} gaps")
