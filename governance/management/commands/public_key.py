"""``manage.py public_key``: what others check our signatures with."""

from django.core.management.base import BaseCommand

from governance.signing import key_id, public_key_pem


class Command(BaseCommand):
    """Prints the public signing key; hand it out by another way than the exports."""

    help = "Print the public key (PEM) that signs reports; its id goes to standard error."

    def handle(self, **_options: object) -> None:
        """Print the key."""
        self.stderr.write(f"key id {key_id()}", self.style.NOTICE)
        self.stdout.write(public_key_pem().decode(), ending="")
