"""What is signed of an export, and how its parts are called.

The export is a bag (BagIt 1.0, RFC 8493): the payload below ``data/`` is listed in one manifest,
the tag files beside it in another, and one in-toto Statement v1 with a predicate of our own, in a
DSSE envelope, covers both manifests and the report. Pure: written by the signer, read by the
offline verifier.
"""

import base64
import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import rfc8785

from governance import dsse
from governance.ledger.checkpoint import parse_unverified, raw_signature

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "urn:vestige:predicate:responsible-unlearning-report:v2"

#: The payload of the bag.
DATA = "data/"
REPORT = "data/report.json"
HTML = "data/report.html"
PDF = "data/report.pdf"
LEDGER = "data/ledger.json"
EVIDENCE = "data/evidence"

#: Tag files.
DECLARATION = "bagit.txt"
BAG_INFO = "bag-info.txt"
MANIFEST = "manifest-sha256.txt"
TAG_MANIFEST = "tagmanifest-sha256.txt"
PUBLIC_KEY = "vestige-public-key.pem"
GUIDE = "VERIFY.md"
#: The ledger's signed head: the note, the bytes that were signed, and the raw signature.
CHECKPOINT = "checkpoint.txt"
CHECKPOINT_BODY = "checkpoint.body"
CHECKPOINT_SIGNATURE = "checkpoint.sig"
#: The statement: the envelope, the bytes that were signed, and the raw signature.
STATEMENT = "statement.dsse.json"
STATEMENT_PAE = "statement.pae"
STATEMENT_SIGNATURE = "statement.sig"

#: Kind of the ledger entry that commits to the report.
SIGNED_KIND = "report.signed"

#: Files that no manifest can list: the second manifest, and the statement that covers it.
OUTSIDE_MANIFESTS = frozenset({TAG_MANIFEST, STATEMENT, STATEMENT_PAE, STATEMENT_SIGNATURE})
#: What the statement names, each with its SHA-256.
STATED = (MANIFEST, TAG_MANIFEST, REPORT)


def evidence_name(position: int, kind: str) -> str:
    """Where the finding at a position of the report lies, counted from 1."""
    return f"{EVIDENCE}/{position:06d}-{kind}.json"


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


def statement(files: Mapping[str, bytes], predicate: Mapping[str, Any]) -> dict[str, Any]:
    """State what is signed: both manifests (hence every file) and the report by name.

    Args:
        files: The bag, complete but for the statement.
        predicate: What else is stated, as JSON values.
    """
    return {
        "_type": STATEMENT_TYPE,
        "subject": subjects((name, files[name]) for name in STATED),
        "predicateType": PREDICATE_TYPE,
        "predicate": dict(predicate),
    }


def predicate(*, report: str, reference: str) -> dict[str, str]:
    """What is stated beside the digests: which report on which request it is."""
    return {"report": report, "reference": reference}


def subjects(files: Iterable[tuple[str, bytes]]) -> list[dict[str, Any]]:
    """Resource descriptors of files."""
    return [{"name": name, "digest": {"sha256": sha256(data)}} for name, data in files]


def statement_files(envelope: Mapping[str, Any]) -> dict[str, bytes]:
    """The envelope, and beside it what common tools need: the bytes signed and the signature.

    Raises:
        BadEnvelope: The envelope is malformed.
    """
    payload = dsse.open_unverified(envelope, PAYLOAD_TYPE)
    return {
        STATEMENT: rfc8785.dumps(dict(envelope)),
        STATEMENT_PAE: dsse.pae(PAYLOAD_TYPE, payload),
        STATEMENT_SIGNATURE: base64.b64decode(envelope["signatures"][0]["sig"]),
    }


def checkpoint_files(note: str) -> dict[str, bytes]:
    """The ledger's signed head, in the same manner.

    Raises:
        BadCheckpoint: The note is malformed.
    """
    return {
        CHECKPOINT: note.encode(),
        CHECKPOINT_BODY: parse_unverified(note).body().encode(),
        CHECKPOINT_SIGNATURE: raw_signature(note),
    }
