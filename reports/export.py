"""Writes an export: every file of a report in one folder that appears whole or not at all."""

import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from governance.ledger.selectors import inclusions_of
from governance.ledger.services import committed_fields
from governance.models import LedgerEntry
from reports.facts import FindingFacts
from reports.rendering import canonical_json
from reports.statement import evidence_name


def evidence_files(findings: Iterable[FindingFacts]) -> dict[str, bytes]:
    """One canonical JSON file a finding, named by its place in the report and its kind."""
    return {
        evidence_name(position, item.kind): canonical_json(
            {
                "artifact": item.artifact,
                "kind": item.kind,
                "outcome": item.outcome,
                "summary": item.summary,
                "digest": item.digest,
                "payload": dict(item.payload),
            }
        )
        for position, item in enumerate(findings, start=1)
    }


def ledger_file(entries: Iterable[LedgerEntry], checkpoint: str) -> bytes:
    """Entries with salts and inclusion proofs under one signed checkpoint, as canonical JSON."""
    rows = list(entries)
    proofs = inclusions_of([entry.index for entry in rows])
    listed = [
        {
            **committed_fields(entry),
            "salt": bytes(entry.salt).hex(),
            "leaf_hash": proof.leaf_hash.hex(),
            "proof": [part.hex() for part in proof.proof],
        }
        for entry, proof in zip(rows, proofs, strict=True)
    ]
    return canonical_json({"checkpoint": checkpoint, "entries": listed})


def write_folder(target: Path, files: Mapping[str, bytes]) -> None:
    """Write files to a hidden folder, flush them to disk, then rename it to ``target``.

    Args:
        target: The export's folder; one that a crash left behind is replaced.
        files: Relative path to content.

    Raises:
        OSError: The disk is full or read-only; ``target`` is untouched then.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(dir=target.parent, prefix=".draft-"))
    try:
        for path, content in files.items():
            _write(draft / path, content)
        draft.chmod(0o755)
        if target.exists():
            shutil.rmtree(target)
        draft.rename(target)
        _flush_folder(target.parent)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def zip_folder(folder: Path) -> bytes:
    """Pack an export; the same folder always gives the same bytes."""
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            name = f"{folder.name}/{path.relative_to(folder).as_posix()}"
            archive.writestr(_member(name), path.read_bytes())
    return packed.getvalue()


def _member(name: str) -> ZipInfo:
    """A member with the oldest time a ZIP can tell, so that nothing varies."""
    member = ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    member.compress_type = ZIP_DEFLATED
    member.external_attr = 0o644 << 16
    return member


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
