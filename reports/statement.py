"""The signed statement over an export: in-toto Statement v1 with a predicate of our own.

Pure: written by the signer, read by the offline verifier.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "urn:vestige:predicate:responsible-unlearning-report:v1"

REPORT = "report.json"
HTML = "report.html"
LEDGER = "ledger.json"
MANIFEST = "manifest-sha256.txt"
STATEMENT = "statement.dsse.json"
PUBLIC_KEY = "public-key.pem"
GUIDE = "VERIFY.md"
EVIDENCE = "evidence"
#: Kind of the ledger entry that commits to the report.
SIGNED_KIND = "report.signed"

#: Files that the manifest cannot list: itself, and the statement that covers it.
OUTSIDE_MANIFEST = frozenset({MANIFEST, STATEMENT})


def sha256(data: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()


def manifest_text(digests: Mapping[str, str]) -> str:
    """Lines as ``sha256sum -c`` reads them, sorted by path."""
    return "".join(f"{digest}  {path}\n" for path, digest in sorted(digests.items()))


def parse_manifest(text: str) -> dict[str, str]:
    """Read a manifest back.

    Raises:
        ValueError: It is not exactly what ``manifest_text`` writes.
    """
    lines = [line.split("  ", 1) for line in text.splitlines()]
    digests = {path: digest for digest, path in lines}
    if manifest_text(digests) != text:
        raise ValueError("the manifest is malformed")
    return digests


def statement(*, manifest: bytes, report: bytes, predicate: Mapping[str, Any]) -> dict[str, Any]:
    """State what is signed: the manifest (hence every file) and the report by name."""
    return {
        "_type": STATEMENT_TYPE,
        "subject": subjects([(MANIFEST, manifest), (REPORT, report)]),
        "predicateType": PREDICATE_TYPE,
        "predicate": dict(predicate),
    }


def subjects(files: Iterable[tuple[str, bytes]]) -> list[dict[str, Any]]:
    """Resource descriptors of files."""
    return [{"name": name, "digest": {"sha256": sha256(data)}} for name, data in files]
