"""Reads the letters that Django's file backend leaves in a folder, one a file."""

import email
import email.policy
from email.message import EmailMessage
from pathlib import Path

#: With this line the backend ends a letter.
END = b"-" * 79 + b"\n"


def read_letter(path: Path) -> EmailMessage | None:
    """Read one letter.

    Returns:
        None while the letter is still being written: the backend makes the file before it writes.
    """
    written = path.read_bytes()
    if not written.endswith(b"\n" + END):
        return None
    return email.message_from_bytes(written, policy=email.policy.default)
