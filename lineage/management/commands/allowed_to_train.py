"""``manage.py allowed_to_train DATASET … [--purpose P] [--records] [--json]``."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from lineage.selectors import allowed_to_train, permission_document
from lineage.terms import UnusableTermsError, purpose_in

#: Exit status of a refusal.
REFUSED = 1
#: Exit status of wrong usage.
WRONG_USAGE = 2


class Command(BaseCommand):
    """Ask before a training whether it may read its datasets."""

    help = "Say whether a training may read datasets now; exit 0 when it may, 1 when it may not."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("dataset", nargs="+", help="a name, an identity or a location")
        parser.add_argument("--purpose", default="training", help="what for [training]")
        parser.add_argument("--records", action="store_true", help="name the records concerned")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *_: object, **options: Any) -> None:  # noqa: ANN401 - Django fixes the signature
        """Print the answer with each reason, and say it by the exit status too."""
        try:
            purpose = purpose_in(options["purpose"])
        except UnusableTermsError as error:
            raise CommandError(f"--purpose {error.rule}.", returncode=WRONG_USAGE) from error
        permission = allowed_to_train(options["dataset"], purpose=purpose, now=timezone.now())
        document = permission_document(permission, records=options["records"])
        if options["json"]:
            self.stdout.write(json.dumps(document, indent=2))
        else:
            self._print(document)
        if not permission.allowed:
            sys.exit(REFUSED)

    def _print(self, document: dict[str, Any]) -> None:
        if document["allowed"]:
            self.stdout.write(f"Allowed for {document['purpose']}.")
            return
        self.stdout.write(f"Not allowed for {document['purpose']}:")
        for refusal in document["refusals"]:
            unknown = "unknown: " if refusal["unknown"] else ""
            self.stdout.write(f"  {unknown}{refusal['why']} {refusal['remedy']}")
            for record_id in refusal.get("record_ids", ()):
                self.stdout.write(f"    {record_id}")
