"""How a forger would make every part of a changed export fit again."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from governance import dsse
from governance.ledger import merkle
from governance.ledger.checkpoint import Checkpoint, parse_unverified, sign_checkpoint
from governance.ledger.leaves import entry_leaf
from reports import statement as parts
from reports.bag import bag_info, lay_out
from reports.pdf import report_pdf
from reports.rendering import as_signed, canonical_json, report_html

FORGER = Ed25519PrivateKey.from_private_bytes(b"f" * 32)

Change = Callable[[dict[str, Any]], None]
Entry = dict[str, Any]
Edit = Callable[[list[Entry]], None]


def leave(_as_it_is: object) -> None:
    """Change nothing."""


def without(*kinds: str) -> Edit:
    """Leave the entries of some kinds out."""

    def edit(entries: list[Entry]) -> None:
        entries[:] = [entry for entry in entries if entry["kind"] not in kinds]

    return edit


def forge(export: Path, change: Change = leave, *, edit: Edit = leave) -> None:
    """Change the document, then make everything else fit, signed with the forger's own key.

    Args:
        export: The export's folder.
        change: Changes the document in place.
        edit: Changes, or leaves out, ledger entries in place; all others keep their words.
    """
    ledger = json.loads((export / parts.LEDGER).read_bytes())
    edit(ledger["entries"])
    (export / parts.LEDGER).write_bytes(canonical_json(ledger))
    document = json.loads((export / parts.REPORT).read_bytes())
    document["report"]["signer"] = dsse.key_id(FORGER.public_key())
    document["ledger"] |= _head_before(export)
    change(document)
    document = as_signed(document)
    report = canonical_json(document)
    (export / parts.REPORT).write_bytes(report)
    (export / parts.HTML).write_text(report_html(document))
    (export / parts.PDF).write_bytes(report_pdf(document, report))
    public = FORGER.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (export / parts.PUBLIC_KEY).write_bytes(public)
    forge_ledger(export)
    resign(export)


def forge_ledger(export: Path) -> None:
    """Make the ledger's leaves, proofs and signed head fit entries that were changed."""
    ledger = json.loads((export / parts.LEDGER).read_bytes())
    digest = parts.sha256((export / parts.REPORT).read_bytes())
    leaves = []
    for index, entry in enumerate(ledger["entries"]):
        if entry["kind"] == parts.SIGNED_KIND:
            entry["payload"]["sha256"] = digest
        entry["index"] = index
        leaf = _leaf(entry)
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


def _leaf(entry: Entry) -> bytes:
    fields = ("index", "recorded_at", "kind", "actor", "reference", "payload")
    return entry_leaf({name: entry[name] for name in fields}, bytes.fromhex(entry["salt"]))


def _head_before(export: Path) -> dict[str, Any]:
    """Size and root of the forged ledger before the entry that commits to the report."""
    entries = json.loads((export / parts.LEDGER).read_bytes())["entries"][:-1]
    leaves = [_leaf({**entry, "index": index}) for index, entry in enumerate(entries)]
    return {"size": len(leaves), "root": merkle.root(leaves).hex()}


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
    info, predicate = _labels(export)
    bag = lay_out(payload, tags, info)
    write(export, bag)
    sign(export, parts.statement(bag, predicate))


def _labels(export: Path) -> tuple[dict[str, str], dict[str, str]]:
    """What bag and statement say of the report; nothing where it is none."""
    try:
        document = json.loads((export / parts.REPORT).read_bytes())
        report, reference = document["report"], document["request"]["reference"]
    except (TypeError, KeyError, ValueError):
        return {}, {}
    info = bag_info(
        organisation=report["organisation"],
        reference=reference,
        created_on=datetime.fromisoformat(report["created_at"]).date(),
        schema=document["schema"],
    )
    return info, parts.predicate(report=report["id"], reference=reference)


def sign(export: Path, stated: Mapping[str, Any]) -> None:
    envelope = dsse.sign(FORGER, canonical_json(stated), parts.PAYLOAD_TYPE)
    write(export, parts.statement_files(envelope))
