"""Data subjects are kept by keyed digest: without the pepper nobody can test a guess."""

import hashlib
import hmac
import unicodedata
from dataclasses import dataclass, field, replace

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
    #: The same person under the other versions of the pepper, while a rotation goes on. Two digests
    #: are equal whether or not these are known.
    others: "tuple[SubjectDigest, ...]" = field(default=(), compare=False)

    @property
    def values(self) -> tuple[bytes, ...]:
        """Every digest that rows of theirs may lie under."""
        return (self.value, *(other.value for other in self.others))


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
        key_version: Which pepper, and no other; None for the current one, with the others beside.

    Raises:
        KeyError: No pepper of that version is configured.
    """
    if key_version is not None:
        return SubjectDigest(
            value=keyed_digest(identifier, settings.SUBJECT_PEPPERS[key_version]),
            key_version=key_version,
        )
    current = settings.SUBJECT_PEPPER_VERSION
    return replace(
        subject_digest(identifier, key_version=current),
        others=tuple(
            subject_digest(identifier, key_version=version)
            for version in settings.SUBJECT_PEPPERS
            if version != current
        ),
    )
