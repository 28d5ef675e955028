"""Signed tree heads as C2SP tlog-checkpoint in a signed note (https://c2sp.org/tlog-checkpoint).

A checkpoint binds an origin, a size and a root. What it does *not* guarantee: without a witness
or an outside timestamp the operator could still show different histories to different people.
"""

import base64
import binascii
import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

#: Signature type byte of Ed25519 in a signed note.
ED25519 = b"\x01"
#: Bytes before the signature that name the key.
KEY_HASH_SIZE = 4


class BadCheckpoint(Exception):  # noqa: N818 - says what it is
    """The checkpoint is malformed or not signed by this key."""


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """One tree head."""

    #: Which ledger; also the signer's name in the note.
    origin: str
    size: int
    root: bytes

    def body(self) -> str:
        """The three signed lines."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def sign_checkpoint(head: Checkpoint, key: Ed25519PrivateKey) -> str:
    """Sign a tree head; gives the text of the note."""
    signed = _key_hash(head.origin, key.public_key()) + key.sign(head.body().encode())
    return f"{head.body()}\n— {head.origin} {base64.b64encode(signed).decode()}\n"


def read_checkpoint(note: str, key: Ed25519PublicKey) -> Checkpoint:
    """Check a note and give its tree head.

    Raises:
        BadCheckpoint: It is malformed or not signed by this key.
    """
    head, signed = parse_unverified(note), _signed(note)
    if signed[:KEY_HASH_SIZE] != _key_hash(head.origin, key):
        raise BadCheckpoint("the checkpoint names another key as its signer")
    try:
        key.verify(signed[KEY_HASH_SIZE:], head.body().encode())
    except InvalidSignature as error:
        raise BadCheckpoint("the checkpoint's signature does not belong to this key") from error
    return head


def parse_unverified(note: str) -> Checkpoint:
    """Tree head of a note whose signature nobody has checked yet.

    Raises:
        BadCheckpoint: It is malformed.
    """
    try:
        origin, size, root, rest = note.split("\n", 3)
        head = Checkpoint(origin=origin, size=int(size), root=base64.b64decode(root, validate=True))
    except (ValueError, binascii.Error) as error:
        raise BadCheckpoint("the checkpoint is malformed") from error
    if not note.startswith(head.body()) or not rest.startswith(f"\n— {origin} "):
        raise BadCheckpoint("the checkpoint is malformed")
    return head


def raw_signature(note: str) -> bytes:
    """The 64 bytes of the note's Ed25519 signature, which nobody has checked yet.

    Raises:
        BadCheckpoint: It is malformed.
    """
    return _signed(note)[KEY_HASH_SIZE:]


def _signed(note: str) -> bytes:
    """Key hash and signature as the note's last line carries them, in their canonical spelling."""
    head = parse_unverified(note)
    signature = note[len(head.body()) :].removeprefix(f"\n— {head.origin} ").removesuffix("\n")
    try:
        signed = base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadCheckpoint("the checkpoint's signature is not base64") from error
    if base64.b64encode(signed).decode() != signature:
        raise BadCheckpoint("the checkpoint's base64 is not canonical")
    return signed


def _key_hash(name: str, key: Ed25519PublicKey) -> bytes:
    """Four bytes that name the key in the note."""
    raw = key.public_bytes_raw()
    return hashlib.sha256(name.encode() + b"\n" + ED25519 + raw).digest()[:KEY_HASH_SIZE]
