"""``manage.py ledger_fsck``: whether the ledger is what it says it is."""

import json
import sys
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from governance import signing
from governance.ledger.checkpoint import BadCheckpoint, Checkpoint, read_checkpoint
from governance.ledger.expected import expected_entries
from governance.ledger.fsck import Findings, check_ledger
from governance.ledger.selectors import rows

#: Entries between two signs of life.
STRIDE = 20_000
WITHOUT_CHECKPOINT = (
    "No checkpoint from elsewhere was given: a cut-off end, or a history written anew as a whole,"
    " would not show."
)


class Command(BaseCommand):
    """Re-derives every leaf and the root, and compares them with what is stored and signed."""

    help = (
        "Check the ledger: every entry against its leaf, the order, the root, the entries that"
        " reports and findings rest on, and a signed checkpoint kept elsewhere. Exit status 0: it"
        " holds; 1: it does not, and the entry is named."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--json", action="store_true", help="Print one JSON object.")
        parser.add_argument(
            "--checkpoint", type=Path, help="A signed checkpoint, as checkpoint.txt of an export."
        )
        parser.add_argument(
            "--key", type=Path, help="Public key of the checkpoint [this installation's own]."
        )

    def handle(self, **options: Any) -> None:  # noqa: ANN401 - Django's options
        """Check and tell; ends the process with status 1 when something does not hold."""
        checkpoint = _checkpoint(options["checkpoint"], options["key"])
        with transaction.atomic():
            found = check_ledger(
                rows(),
                expected=expected_entries(),
                checkpoint=checkpoint,
                progress=self._progress if not options["json"] else lambda _count: None,
            )
        if options["json"]:
            self.stdout.write(json.dumps(_document(found, checkpoint), ensure_ascii=False))
        else:
            self._tell(found, checkpoint)
        if found.problems:
            sys.exit(1)

    def _progress(self, count: int) -> None:
        if count % STRIDE == 0:
            self.stderr.write(f"{count:,} entries read")

    def _tell(self, found: Findings, checkpoint: Checkpoint | None) -> None:
        for problem in found.problems:
            self.stdout.write(problem, self.style.ERROR)
        if found.more_problems:
            self.stdout.write(f"{found.more_problems} more problems.", self.style.ERROR)
        if not found.problems:
            self.stdout.write("The ledger holds.", self.style.SUCCESS)
        self.stdout.write(f"{found.size} entries, root {found.root.hex()}.")
        self.stdout.write(
            f"{found.expected} entries that reports and findings rest on were looked for."
        )
        if checkpoint is None:
            self.stdout.write(WITHOUT_CHECKPOINT)
        else:
            self.stdout.write(f"Checkpoint of {checkpoint.origin} over {checkpoint.size} entries.")


def _checkpoint(path: Path | None, key: Path | None) -> Checkpoint | None:
    """Read a checkpoint and check its signature."""
    if path is None:
        return None
    try:
        return read_checkpoint(path.read_text(encoding="utf-8"), _key(key))
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"The checkpoint cannot be read: {error}") from error
    except BadCheckpoint as error:
        raise CommandError(f"The checkpoint is not to be trusted: {error}.") from error


def _key(path: Path | None) -> Ed25519PublicKey:
    try:
        key = load_pem_public_key(path.read_bytes() if path else signing.public_key_pem())
    except (OSError, ValueError) as error:
        raise CommandError(f"The key cannot be read: {error}") from error
    if not isinstance(key, Ed25519PublicKey):
        raise CommandError("The key is no Ed25519 public key.")
    return key


def _document(found: Findings, checkpoint: Checkpoint | None) -> dict[str, Any]:
    return {
        "holds": not found.problems,
        "entries": found.size,
        "root": found.root.hex(),
        "looked_for": found.expected,
        "checkpoint": (
            {
                "origin": checkpoint.origin,
                "size": checkpoint.size,
                "root": checkpoint.root.hex(),
            }
            if checkpoint
            else None
        ),
        "problems": found.problems,
        "more_problems": found.more_problems,
    }
