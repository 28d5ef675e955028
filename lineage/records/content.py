"""What tells copies of a record: a keyed digest of what it says, and MinHash for near copies.

MinHash: A. Z. Broder (1997), "On the resemblance and containment of documents"; one byte of each
minimum is kept, after P. Li and A. C. König (2010), "b-Bit minwise hashing". Two records are alike
by the Jaccard similarity *s* of their sets of three-word shingles. With 20 bands of 6 hashes, a
pair is met with the probability 1 - (1 - s^6)^20: 0.998 at s = 0.8, so about 2 pairs in 1,000 are
missed there.

It does not guarantee that every near copy is found, nor that what is found is about one person.
"""

import hashlib
import hmac
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

#: Bytes of a digest of content.
DIGEST_SIZE = 16
#: Words of a shingle.
SHINGLE = 3
#: Texts of fewer words have no near duplicates: one word apart they are alike by chance.
LEAST_WORDS = 10
BANDS = 20
ROWS_OF_A_BAND = 6
#: Least similarity of near copies.
ALIKE = 0.8
#: What more records than this say word for word (a lone class label, say) tells nobody apart: it
#: makes no duplicates.
COMMONPLACE = 50

_Hashes: TypeAlias = NDArray[np.uint64]


@dataclass(frozen=True, kw_only=True)
class Fingerprint:
    """What is kept of what one record says; without the key nobody can test a guess."""

    #: First 16 bytes of HMAC-SHA-256 over the normalised content.
    digest: bytes
    #: Low byte of each MinHash; empty where near copies are not looked for.
    sketch: bytes = b""
    #: One number a band: near copies share at least one.
    bands: tuple[int, ...] = ()


class Fingerprinter:
    """Takes fingerprints under one key."""

    def __init__(self, key: bytes, *, near: bool = False) -> None:
        """Derive the keys.

        Args:
            key: The pepper; what is derived from it is used for content alone.
            near: Whether to look for near copies too.
        """
        self._key = hmac.digest(key, b"vestige: content of records", "sha256")
        self._near = near
        seed = int.from_bytes(hmac.digest(key, b"vestige: minhash", "sha256")[:8], "big")
        drawn = np.random.default_rng(seed)
        size = (BANDS * ROWS_OF_A_BAND, 1)
        # Multiply-add-shift (Dietzfelbinger 1996) with wrap-around at 2^64.
        self._factors: _Hashes = drawn.integers(0, 2**64, size, dtype=np.uint64) | np.uint64(1)
        self._addends: _Hashes = drawn.integers(0, 2**64, size, dtype=np.uint64)

    def of(self, content: Sequence[str]) -> Fingerprint | None:
        """Take the fingerprint of a record; None where it says nothing.

        Args:
            content: Text of every column that says neither its id nor whose it is.
        """
        cells = [normalise(text) for text in content]
        if not any(cells):
            return None
        message = "\x1f".join(cells).encode("utf-8", "surrogatepass")
        digest = hmac.digest(self._key, message, "sha256")[:DIGEST_SIZE]
        words = " ".join(cells).split()
        if not self._near or len(words) < LEAST_WORDS:
            return Fingerprint(digest=digest)
        lowest = self._minima(words)
        return Fingerprint(
            digest=digest,
            sketch=lowest.astype(np.uint8).tobytes(),
            bands=tuple(self._band(number, part) for number, part in enumerate(_parts(lowest))),
        )

    def _minima(self, words: Sequence[str]) -> _Hashes:
        starts = range(len(words) - SHINGLE + 1)
        shingles = {" ".join(words[at : at + SHINGLE]) for at in starts}
        hashed = b"".join(
            hashlib.blake2b(
                shingle.encode("utf-8", "surrogatepass"), key=self._key, digest_size=8
            ).digest()
            for shingle in shingles
        )
        spread = self._factors * np.frombuffer(hashed, dtype=np.uint64) + self._addends
        lowest: _Hashes = (spread >> np.uint64(32)).min(axis=1)
        return lowest

    def _band(self, number: int, part: _Hashes) -> int:
        message = number.to_bytes(1, "big") + part.tobytes()
        short = hashlib.blake2b(message, key=self._key, digest_size=4).digest()
        return int.from_bytes(short, "big", signed=True)


def normalise(text: str) -> str:
    r"""Bring spellings of one text to one form: NFKC, case folded, blanks single.

    >>> normalise("  Größe\t XL ")
    'grösse xl'
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(text.casefold().split())


def similarity(one: bytes, other: bytes) -> float:
    """Estimate how alike two sketches are: 0 to 1, with a standard error of about 0.04 at 0.8."""
    if not one or len(one) != len(other):
        return 0.0
    equal = sum(a == b for a, b in zip(one, other, strict=True)) / len(one)
    chance = 1 / 256  # that the bytes of different minima agree
    return max(0.0, (equal - chance) / (1 - chance))


def _parts(lowest: _Hashes) -> list[_Hashes]:
    return np.split(lowest, BANDS)
