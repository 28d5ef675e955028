"""Reads an export and the keys to check it with, trusting neither."""

import json
import lzma
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any
from zipfile import BadZipFile, ZipFile

import rfc8785
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

#: No honest export comes near; a ZIP that unpacks to more is refused unread.
MAX_BYTES = 512 * 1024 * 1024

#: Content of an export by relative path.
Files = Mapping[str, bytes]


#: What the ZIP and file modules raise for input that is damaged, encrypted or absent. Names in a
#: ZIP that are no text, and dates that are none, are values that cannot be (ValueError).
UNREADABLE = (
    OSError,
    EOFError,
    BadZipFile,
    NotImplementedError,
    RuntimeError,
    IndexError,
    ValueError,
    OverflowError,
    struct.error,
    zlib.error,
    lzma.LZMAError,
)


class UnreadableError(Exception):
    """The export or the key cannot be read at all."""


def read_export(path: Path) -> dict[str, bytes]:
    """Every file of the export by its relative path.

    Raises:
        UnreadableError: There is no export here, or not one that can be read safely.
    """
    try:
        files = _read_folder(path) if path.is_dir() else _read_zip(path)
    except UNREADABLE as error:
        raise UnreadableError(f"{path} cannot be read as an export: {error}") from error
    if not files:
        raise UnreadableError(f"{path} holds no file.")
    return files


def _read_folder(folder: Path) -> dict[str, bytes]:
    found = [path for path in folder.rglob("*") if not path.is_dir() or path.is_symlink()]
    for path in found:
        if not path.is_file():
            raise UnreadableError(f"{path} is neither a file nor a folder.")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def _read_zip(path: Path) -> dict[str, bytes]:
    with ZipFile(path) as archive:
        members = [member for member in archive.infolist() if not member.is_dir()]
        if sum(member.file_size for member in members) > MAX_BYTES:
            raise UnreadableError(f"{path} unpacks to more than any export holds.")
        names = [member.filename for member in members]
        if len(set(names)) != len(names):
            raise UnreadableError(f"{path} holds a file twice.")
        prefix = _common_folder(names)
        return {member.filename[len(prefix) :]: archive.read(member) for member in members}


def _common_folder(names: list[str]) -> str:
    """The one folder that all members lie in, with its slash; empty when there is none."""
    tops = {PurePosixPath(name).parts[0] for name in names}
    nested = all("/" in name for name in names)
    return f"{tops.pop()}/" if len(tops) == 1 and nested else ""


def trusted_key(export: Path, key: Path | None) -> Ed25519PublicKey | None:
    """The key from outside, or None; a key inside the export is not from outside.

    Raises:
        UnreadableError: The key is missing or no Ed25519 public key.
    """
    if key is None:
        return None
    try:
        data = key.read_bytes()
    except OSError as error:
        raise UnreadableError(f"The key {key} cannot be read: {error}") from error
    if key.resolve().is_relative_to(export.resolve()):
        return None
    return public_key(data, str(key))


def public_key(data: bytes, name: str) -> Ed25519PublicKey:
    """Parse an Ed25519 public key in PEM.

    Raises:
        UnreadableError: It is something else.
    """
    try:
        key = load_pem_public_key(data)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UnreadableError(f"{name} is not a public key in PEM.") from error
    if not isinstance(key, Ed25519PublicKey):
        raise UnreadableError(f"{name} is not an Ed25519 key.")
    return key


class BrokenPart(Exception):  # noqa: N818 - says what it is
    """One part of the export does not hold; the message names it."""


def file_of(files: Files, name: str) -> bytes:
    """One file of the export.

    Raises:
        BrokenPart: It is missing.
    """
    if name not in files:
        raise BrokenPart(f"{name}: it is missing.")
    return files[name]


def object_of(files: Files, name: str) -> dict[str, Any]:
    """Parse a file that must be the canonical JSON of an object, so that every byte counts."""
    data = file_of(files, name)
    try:
        value = json.loads(data)
        canonical = rfc8785.dumps(value) == data
    except (ValueError, RecursionError) as error:
        raise BrokenPart(f"{name}: it is not canonical JSON.") from error
    if not canonical or not isinstance(value, dict):
        raise BrokenPart(f"{name}: it is not canonical JSON.")
    return value
