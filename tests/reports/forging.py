"""How a forger would make every part of a changed export fit again."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from governance import dsse
from governance.ledger import merkle
from governance.ledger.checkpoint import Checkpoint, parse_unverified, sign_checkpoint
from governance.ledger.leaves import entry_leaf
from reports import statement as parts
from reports.bag import lay_out
from reports.pdf import report_pdf
from reports.rendering import as_signed, canonical_json, report_html

FORGER = Ed25519PrivateKey.from_private_bytes(b"f" * 32)

Change = Callable[[dict[str, Any]], None]


def forge(export: Path, change: Change) -> None:
    """Change the document, then make everything else fit, signed with the forger's own key."""
    document = json.loads((export / parts.REPORT).read_bytes())
    document["report"]["signer"] = dsse.key_id(FORGER.public_key())
    change(document)
    document = as_signed(document)
    report = canonical_json(document)
    (export / parts.REPORT).write_bytes(report)
    (export / parts.HTML).write_text(report_html(document))
    (export / parts.PDF).write_bytes(report_pdf(document, report))
    public = FORGER.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (export / parts.PUBLIC_KEY).write_bytes(public)
    forge_ledger(export, parts.sha256(report))
    resign(export)


def forge_ledger(export: Path, digest: str) -> None:
    """Make the ledger's leaves, proofs and signed head fit entries that were changed."""
    ledger = json.loads((export / parts.LEDGER).read_bytes())
    leaves = []
    for index, entry in enumerate(ledger["entries"]):
        if entry["kind"] == parts.SIGNED_KIND:
            entry["payload"]["sha256"] = digest
        entry["index"] = index
        fields = ("index", "recorded_at", "kind", "actor", "reference", "payload")
        leaf = entry_leaf({name: entry[name] for name in fields}, bytes.fromhex(entry["salt"]))
        entry["leaf_hash"] = leaf.hex()
        leaves.append(leaf)
    for index, entry in enumerate(ledger["entries"]):
        entry["proof"] = [part.hex() for part in merkle.inclusion_proof(index, leaves)]
    head = Checkpoint(
        origin=parse_unverified(ledger["checkpoint"]).origin,
        size=len(leaves),
        root=merkle.root(leaves),
    )
    ledger["checkpoint"] = sign_checkpoint(head, FORGER)
    (export / parts.LEDGER).write_bytes(canonical_json(ledger))
    write(export, parts.checkpoint_files(ledger["checkpoint"]))


def write(export: Path, files: Mapping[str, bytes]) -> None:
    for name, data in files.items():
        (export / name).write_bytes(data)


def resign(export: Path) -> None:
    """Make both manifests and the signature fit the files as they lie there."""
    files = {
        path.relative_to(export).as_posix(): path.read_bytes()
        for path in export.rglob("*")
        if path.is_file()
    }
    payload = {name: data for name, data in files.items() if name.startswith(parts.DATA)}
    made = {parts.DECLARATION, parts.BAG_INFO, parts.MANIFEST, *parts.OUTSIDE_MANIFESTS}
    tags = {name: data for name, data in files.items() if name not in payload.keys() | made}
    bag = lay_out(payload, tags, {})
    write(export, bag)
    sign(export, parts.statement(bag, {}))


def sign(export: Path, stated: Mapping[str, Any]) -> None:
    envelope = dsse.sign(FORGER, canonical_json(stated), parts.PAYLOAD_TYPE)
    write(export, parts.statement_files(envelope))
