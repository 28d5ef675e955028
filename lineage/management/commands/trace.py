"""``manage.py trace --email X [--json]``."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from governance.subjects import subject_digest
from lineage.selectors import impact_document, trace_subject


class Command(BaseCommand):
    """Trace one data subject."""

    help = "Show everything that holds, or inherited, a data subject's records."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--email", required=True, help="an identifier of the data subject")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *_: object, **options: Any) -> None:  # noqa: ANN401 - Django fixes the signature
        """Print the answer, with the path to each affected artifact."""
        document = impact_document(trace_subject(subject_digest(options["email"])))
        if options["json"]:
            self.stdout.write(json.dumps(document, indent=2))
            return
        held = len(document["records"])
        self.stdout.write(f"Records of this data subject: {held or 'none are held'}")
        for item in document["affected"]:
            path = " → ".join(node["name"] for node in item["path"])
            influence = ", ".join(item["influence"])
            self.stdout.write(f"{item['kind']:18} {item['certainty']:9} {influence:20} {path}")
        self.stdout.write(
            "The trace is complete." if document["complete"] else "The trace is NOT complete:"
        )
        for reason in document["reasons"]:
            self.stdout.write(f"  {reason}")
