"""``manage.py choice consent|opt_out --email X [--purpose P] [--at TIME]``."""

from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from governance.errors import InvalidInput, VestigeError
from lineage.moments import moment_from
from lineage.permission import Choice
from lineage.services import record_choice

#: Whoever may run commands on this machine, as the ledger names them.
ACTOR = "administrator"


class Command(BaseCommand):
    """Note down what a data subject chose."""

    help = "Record a data subject's consent or opt-out; the identifier itself is not kept."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("choice", choices=list(Choice))
        parser.add_argument("--email", required=True, help="an identifier of the data subject")
        parser.add_argument("--purpose", default="", help="what about [every purpose]")
        parser.add_argument("--at", help="when they chose, ISO 8601 with a zone [now]")

    def handle(self, *_: object, **options: Any) -> None:  # noqa: ANN401 - Django fixes the signature
        """Record it and say whether it was new."""
        try:
            new = record_choice(
                identifier=options["email"],
                choice=Choice(options["choice"]),
                purpose=options["purpose"],
                chosen_at=_moment(options["at"]),
                told_by=ACTOR,
            )
        except VestigeError as error:
            problems = "; ".join(f"{e.pointer[1:]}: {e.detail}" for e in error.errors)
            raise CommandError(problems or error.detail) from error
        self.stdout.write("Recorded." if new else "This was recorded already.")


def _moment(text: str | None) -> datetime | None:
    """Read when a choice was made.

    Raises:
        CommandError: It is no moment, or its zone is missing.
    """
    try:
        return None if text is None else moment_from(text, "at")
    except InvalidInput as error:
        raise CommandError(error.detail) from error
