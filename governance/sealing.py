"""Short texts sealed with AES-GCM; the key lives outside the database."""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

#: Bytes of the random nonce in front of each sealed text (NIST SP 800-38D, 96 bits).
NONCE_SIZE = 12


class CannotUnseal(Exception):  # noqa: N818 - a statement of fact, not of fault
    """The sealed text was changed, or sealed with another key."""


def seal(text: str) -> bytes:
    """Encrypt a text so that only this installation's key opens it."""
    nonce = os.urandom(NONCE_SIZE)
    return nonce + AESGCM(settings.SEALING_KEY).encrypt(nonce, text.encode(), None)


def unseal(blob: bytes | memoryview) -> str:
    """Open a sealed text.

    Args:
        blob: What ``seal`` gave, as bytes or as a binary column gives it back.

    Raises:
        CannotUnseal: The blob was changed or belongs to another key.
    """
    sealed = bytes(blob)
    try:
        opened = AESGCM(settings.SEALING_KEY).decrypt(
            sealed[:NONCE_SIZE], sealed[NONCE_SIZE:], None
        )
    except (InvalidTag, ValueError) as error:
        raise CannotUnseal(CannotUnseal.__doc__) from error
    return opened.decode()
