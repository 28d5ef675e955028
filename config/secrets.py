"""Secrets from the environment, or made once on this machine and kept in files of mode 0600."""

import base64
import binascii
import contextlib
import os
import secrets
import tempfile
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from config.embedded.paths import state_dir

KEY_BYTES = 32
#: Random bytes behind a secret text; 64 characters once written.
TEXT_BYTES = 48


def keys_dir() -> Path:
    """The folder of secret files, readable by its owner only."""
    folder = state_dir() / "keys"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def secret_text(variable: str, file_name: str) -> str:
    """The secret in an environment variable, else in a file that is made on first use.

    Args:
        variable: the environment variable that wins when it is set.
        file_name: the file in the keys folder.
    """
    return os.environ.get(variable) or _from_file(keys_dir() / file_name, length=TEXT_BYTES)


def secret_bytes(variable: str, file_name: str) -> bytes:
    """A key of 32 bytes, written as base64 in the environment or in its file.

    Raises:
        ImproperlyConfigured: the text is not the base64 form of exactly 32 bytes.
    """
    text = os.environ.get(variable) or _from_file(keys_dir() / file_name, length=KEY_BYTES)
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error:
        key = b""
    if len(key) != KEY_BYTES:
        place = variable if os.environ.get(variable) else str(keys_dir() / file_name)
        raise ImproperlyConfigured(f"{place} must hold {KEY_BYTES} random bytes as base64.")
    return key


def _from_file(path: Path, *, length: int) -> str:
    """Read a secret, making it first where it is missing."""
    if not path.exists():
        _make(path, length=length)
    return path.read_text().strip()


def _make(path: Path, *, length: int) -> None:
    """Write a fresh secret unless another process was quicker.

    The finished file is linked into place: link fails when the name exists, so of several
    processes exactly one secret survives and none ever reads a half-written one.
    """
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "w") as file:
            file.write(base64.b64encode(secrets.token_bytes(length)).decode() + "\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(temporary, path)
    finally:
        Path(temporary).unlink()
