"""Data subjects are kept by keyed digest: without the pepper nobody can test a guess."""

import hashlib
import hmac
import unicodedata
from dataclasses import dataclass

from django.conf import settings

#: Bytes of a subject digest; 128 bits keep chance matches away for any realistic population.
DIGEST_SIZE = 16


@dataclass(frozen=True, kw_only=True)
class SubjectDigest:
    """Who a record is about, as far as this system remembers it."""

    #: First 16 bytes of HMAC-SHA-256 over the normalised identifier.
    value: bytes
    #: Version of the pepper that keyed it.
    key_version: int


def normalise(identifier: str) -> str:
    """Bring spellings of one identifier to one form: NFKC, no outer space, case folded.

    >>> normalise("  Ann@Example.ORG ")
    'ann@example.org'
    """
    folded = unicodedata.normalize("NFKC", identifier).strip().casefold()
    return unicodedata.normalize("NFKC", folded)


def keyed_digest(identifier: str, key: bytes) -> bytes:
    """Digest a normalised identifier under a key (RFC 2104, SHA-256, 16 bytes).

    Args:
        identifier: An e-mail address or customer number in any spelling.
        key: The pepper; held outside the database.

    >>> keyed_digest("Ann@example.org", b"k") == keyed_digest(" ann@EXAMPLE.org", b"k")
    True
    """
    message = normalise(identifier).encode()
    return hmac.new(key, message, hashlib.sha256).digest()[:DIGEST_SIZE]


def subject_digest(identifier: str, *, key_version: int | None = None) -> SubjectDigest:
    """Digest an identifier with the installation's pepper.

    Args:
        identifier: An e-mail address or customer number in any spelling.
        key_version: Which pepper; None for the current one.

    Raises:
        KeyError: No pepper of that version is configured.
    """
    version = settings.SUBJECT_PEPPER_VERSION if key_version is None else key_version
    return SubjectDigest(
        value=keyed_digest(identifier, settings.SUBJECT_PEPPERS[version]), key_version=version
    )
