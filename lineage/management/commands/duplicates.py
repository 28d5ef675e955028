"""``manage.py duplicates list|decide --email X [--record ID --decision D] [--json]``."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from governance.errors import VestigeError
from governance.subjects import SubjectDigest, subject_digest
from lineage.models import DuplicateDecision
from lineage.selectors import duplicate_document, duplicates_of
from lineage.services import decide_duplicate

#: Whoever may run commands on this machine, as the ledger names them.
ACTOR = "administrator"


class Command(BaseCommand):
    """Look at the rows that say the same as somebody's records."""

    help = "List, or decide upon, rows that say the same as a data subject's records."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("act", choices=["list", "decide"])
        parser.add_argument("--email", required=True, help="an identifier of the data subject")
        parser.add_argument("--record", help="to decide upon")
        parser.add_argument("--decision", choices=DuplicateDecision.Decision.values)
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *_: object, **options: Any) -> None:  # noqa: ANN401 - Django fixes the signature
        """Decide what was asked, then print what there is."""
        subject = subject_digest(options["email"])
        if options["act"] == "decide":
            self._decide(subject, options["record"], options["decision"])
            return
        rows = duplicates_of(subject)
        if options["json"]:
            document = {"duplicates": [duplicate_document(row) for row in rows]}
            self.stdout.write(json.dumps(document, indent=2))
            return
        self.stdout.write(f"Rows that say the same as a record of this data subject: {len(rows)}")
        for row in rows:
            whose = "names somebody" if row.named else "names nobody"
            self.stdout.write(
                f"  {row.record_id} in {', '.join(row.datasets)}: {whose}, similarity "
                f"{row.similarity:.2f}, {row.decision or 'not decided'}"
            )

    def _decide(self, subject: SubjectDigest, record: str | None, decision: str | None) -> None:
        if not record or not decision:
            raise CommandError("Name the row with --record and what it is with --decision.")
        try:
            made = decide_duplicate(
                subject=subject, record_id=record, decision=decision, actor=ACTOR
            )
        except VestigeError as error:
            problems = "; ".join(one.detail for one in error.errors)
            raise CommandError(problems or error.detail) from error
        self.stdout.write(f"Recorded: a row {made.label}.")
