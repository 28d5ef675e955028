"""The installation's signing key (Ed25519): made on first use, kept outside the database."""

import os
import tempfile
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from django.conf import settings

from governance import dsse
from governance.ledger.checkpoint import Checkpoint, sign_checkpoint


class UnusableSigningKey(Exception):  # noqa: N818 - says what it is
    """The signing key file does not hold an Ed25519 private key in PEM."""


def sign_payload(payload: bytes, payload_type: str) -> dict[str, object]:
    """Sign a payload as a DSSE envelope (JSON values)."""
    return dsse.sign(_private_key(), payload, payload_type)


def sign_head(*, origin: str, size: int, root: bytes) -> str:
    """Sign the ledger's head; gives the text of a C2SP checkpoint."""
    return sign_checkpoint(Checkpoint(origin=origin, size=size, root=root), _private_key())


def public_key_pem() -> bytes:
    """The public key that others keep to check our signatures with."""
    return _private_key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def key_id() -> str:
    """SHA-256 of the public key, in hex: what to compare over a second channel."""
    return dsse.key_id(_private_key().public_key())


def _private_key() -> Ed25519PrivateKey:
    path = Path(settings.SIGNING_KEY_FILE)
    if not path.exists():
        _make_key(path)
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except ValueError as error:
        raise UnusableSigningKey(UnusableSigningKey.__doc__) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise UnusableSigningKey(UnusableSigningKey.__doc__)
    return key


def _make_key(path: Path) -> None:
    """Write a new key, readable by its owner only; of two makers at once the first wins."""
    pem = Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # mkstemp gives mode 0600; the link appears whole or not at all.
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".key-")
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        path.hardlink_to(draft)
    except FileExistsError:
        return
    finally:
        draft.unlink()
