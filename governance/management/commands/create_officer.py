"""``manage.py create_officer``: an account for a member of the organisation."""

import getpass
import os
from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from governance.errors import VestigeError
from governance.models import Role, User
from governance.services import register_officer


class Command(BaseCommand):
    """Asks for the password, or takes it from ``VESTIGE_OFFICER_PASSWORD``."""

    help = "Make an account with roles for an officer."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("username")
        parser.add_argument("--email", default="")
        parser.add_argument("--role", action="append", required=True, choices=Role.values)
        parser.add_argument(
            "--unless-exists",
            action="store_true",
            help="leave an account of that name as it is, and succeed",
        )

    def handle(
        self,
        *,
        username: str,
        email: str,
        role: list[str],
        unless_exists: bool,
        **_options: object,
    ) -> None:
        """Register the officer."""
        if unless_exists and User.objects.filter(username=username).exists():
            self.stdout.write(f"{username} has an account; it stays as it is.")
            return
        password = os.environ.get("VESTIGE_OFFICER_PASSWORD") or getpass.getpass("Password: ")
        try:
            register_officer(username=username, password=password, roles=role, email=email)
        except VestigeError as error:
            details = [error.detail, *(item.detail for item in error.errors)]
            raise CommandError(" ".join(details)) from error
        self.stdout.write(f"{username} may sign in as {', '.join(role)}.")
