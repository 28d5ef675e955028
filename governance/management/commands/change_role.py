"""``manage.py change_role``: what an officer may do from now on."""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from governance.errors import VestigeError
from governance.models import Role
from governance.services import change_roles


class Command(BaseCommand):
    """Replaces the roles that an officer holds; the ledger keeps both sets."""

    help = "Give an officer other roles, or none, in place of those held until now."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("username")
        wanted = parser.add_mutually_exclusive_group(required=True)
        wanted.add_argument("--role", action="append", choices=Role.values)
        wanted.add_argument("--none", action="store_true", help="take every role away")

    def handle(self, *, username: str, role: list[str] | None, **_options: object) -> None:
        """Change the roles."""
        try:
            officer = change_roles(username=username, roles=role or ())
        except VestigeError as error:
            raise CommandError(error.detail) from error
        held = ", ".join(officer.roles) or "no role"
        self.stdout.write(f"{username} now holds: {held}.")
