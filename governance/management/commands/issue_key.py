"""``manage.py issue_key``: a Bearer key for a program."""

import json
from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from governance.errors import VestigeError
from governance.permissions import SCOPES
from governance.services import issue_api_key


class Command(BaseCommand):
    """Prints the key once; it cannot be shown again."""

    help = "Make an API client and print its key."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("name")
        parser.add_argument("--scope", action="append", required=True, choices=SCOPES)
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *, name: str, scope: list[str], json: bool, **_options: object) -> None:
        """Issue the key."""
        try:
            client, key = issue_api_key(name=name, scopes=scope)
        except VestigeError as error:
            raise CommandError(error.detail) from error
        self.stdout.write(as_json(client.name, key, client.scopes) if json else key)


def as_json(name: str, key: str, scopes: list[str]) -> str:
    """The answer for a program."""
    return json.dumps({"name": name, "key": key, "scopes": scopes})
