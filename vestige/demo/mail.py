"""Reads the letters that Django's file backend leaves in a folder.

The backend names a file by the second and by a number that is soon used again, so letters that
leave in the same second may share a file.
"""

import email
import email.policy
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

#: With this line the backend ends a letter.
END = b"\n" + b"-" * 79 + b"\n"


def letters_in(folder: Path) -> Iterator[EmailMessage]:
    """Read every letter, the newest file first.

    A letter that is still being written is left for the next look: the backend makes the file
    before it writes, and may write a letter in parts.
    """
    for path in sorted(folder.glob("*.log"), reverse=True):
        *whole, _unfinished = path.read_bytes().split(END)
        for letter in whole:
            yield email.message_from_bytes(letter, policy=email.policy.default)
