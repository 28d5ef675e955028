"""Checks an export offline: no database, no network, no Django.

It reads the pure cores that wrote the export (Merkle tree, envelope, claims) and nothing of the
server. Keys packed inside an export prove nothing, so without a key from outside the best verdict
is "intact, signer untrusted".
"""

import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from governance import dsse
from reports import statement as parts
from reports.document import SCHEMA
from vestige.checks import CONTENT, INTEGRITY, PAGES, other_version, problems_of
from vestige.export_reader import (
    BrokenPart,
    Files,
    UnreadableError,
    file_of,
    public_key,
    read_export,
    trusted_key,
)


class Status(StrEnum):
    """The verdict in one word each; ``EXIT`` gives the exit status."""

    VERIFIED = "verified"
    BROKEN = "broken"
    UNREADABLE = "unreadable"
    UNTRUSTED = "intact, signer untrusted"


EXIT: dict[Status, int] = {
    Status.VERIFIED: 0,
    Status.BROKEN: 1,
    Status.UNREADABLE: 2,
    Status.UNTRUSTED: 3,
}


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the check found."""

    status: Status
    #: One sentence each, naming the part; empty when nothing is wrong.
    problems: tuple[str, ...]
    #: Key id (hex) under which the export is consistent; empty when it is not.
    signer: str = ""
    headline: str = ""

    @property
    def exit_status(self) -> int:
        """Exit status of ``vestige verify``."""
        return EXIT[self.status]


def verify_export(path: Path, key: Path | None) -> Verdict:
    """Check an export.

    Args:
        path: The export's folder, or a ZIP of it.
        key: The organisation's public key (PEM), obtained on another way than the export.

    Returns:
        "verified", "broken" with every problem found, "intact, signer untrusted" when no key from
        outside was given, or "unreadable".
    """
    try:
        files = read_export(path)
        trusted = trusted_key(path, key)
    except UnreadableError as error:
        return Verdict(status=Status.UNREADABLE, problems=(str(error),))
    if parts.DECLARATION not in files and (written_as := other_version(files)):
        return _of_another_version(written_as)
    problems: list[str] = []
    signer = trusted or _packed_key(files, problems)
    if signer is not None:
        problems += problems_of(files, signer, INTEGRITY)
    if not problems and (written_as := other_version(files)):
        return _of_another_version(written_as)
    if signer is not None:
        problems += problems_of(files, signer, CONTENT)
        problems += [] if problems else problems_of(files, signer, PAGES)
    if problems or signer is None:
        return Verdict(status=Status.BROKEN, problems=tuple(dict.fromkeys(problems)))
    return Verdict(
        status=Status.VERIFIED if trusted else Status.UNTRUSTED,
        problems=(),
        signer=dsse.key_id(signer),
        headline=json.loads(files[parts.REPORT])["headline"],
    )


def _of_another_version(written_as: str) -> Verdict:
    sentence = (
        f"It was written as {written_as} by another version of Vestige; this version checks"
        f" {SCHEMA}. Use the version that wrote it."
    )
    return Verdict(status=Status.UNREADABLE, problems=(sentence,))


def _packed_key(files: Files, problems: list[str]) -> Ed25519PublicKey | None:
    """The key that travels with the export: good for consistency, not for trust."""
    try:
        return public_key(file_of(files, parts.PUBLIC_KEY), parts.PUBLIC_KEY)
    except (UnreadableError, BrokenPart) as error:
        problems.append(str(error))
        return None
