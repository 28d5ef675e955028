"""What a ledger leaf commits to: a salted digest of the canonical entry.

The salt hides short payloads from guessing; deleting payload and salt later leaves the tree valid.
"""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

import rfc8785

from governance.ledger.merkle import leaf_hash

SALT_SIZE = 32


def entry_leaf(entry: Mapping[str, Any], salt: bytes) -> bytes:
    """Leaf hash of an entry: SHA-256(0x00 ‖ HMAC-SHA-256(salt, RFC 8785(entry))).

    Args:
        entry: ``index``, ``recorded_at`` (ISO 8601), ``kind``, ``actor``, ``reference``,
            ``payload``; JSON values only.
        salt: 32 random bytes, new for each entry.
    """
    canonical = rfc8785.dumps(dict(entry))
    return leaf_hash(hmac.new(salt, canonical, hashlib.sha256).digest())
