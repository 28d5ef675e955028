"""Checks an export offline: no database, no network, no Django.

It reads the pure cores that wrote the export (Merkle tree, envelope, claims) and nothing of the
server. Keys packed inside an export prove nothing, so without a key from outside the best verdict
is "intact, signer untrusted".
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from governance import dsse
from governance.ledger import merkle
from governance.ledger.checkpoint import BadCheckpoint, Checkpoint, read_checkpoint
from governance.ledger.leaves import entry_leaf
from reports import statement as parts
from reports.claims import derive_claim, headline, weakest_verb
from reports.document import action_from_json
from reports.lint import lint_document, lint_html
from vestige.cross_checks import evidence_problems, ledger_problems, trace_problems
from vestige.export_reader import Files, UnreadableError, public_key, read_export, trusted_key


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


class BrokenPart(Exception):  # noqa: N818 - says what it is
    """One part of the export does not hold; the message names it."""


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
    problems: list[str] = []
    signer = trusted or _packed_key(files, problems)
    if signer is not None:
        for part, check in CHECKS:
            problems += _run(part, check, files, signer)
    if problems or signer is None:
        return Verdict(status=Status.BROKEN, problems=tuple(dict.fromkeys(problems)))
    return Verdict(
        status=Status.VERIFIED if trusted else Status.UNTRUSTED,
        problems=(),
        signer=dsse.key_id(signer),
        headline=json.loads(files[parts.REPORT])["headline"],
    )


Check = Callable[[Files, Ed25519PublicKey], Iterator[str]]

#: What reading a value of another shape than ours raises.
MALFORMED = (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError)


def _run(part: str, check: Check, files: Files, signer: Ed25519PublicKey) -> list[str]:
    """Problems that one check finds; a part of any other shape than ours is a problem too."""
    found: list[str] = []
    try:
        found.extend(check(files, signer))
    except BrokenPart as error:
        found.append(str(error))
    except MALFORMED:
        found.append(f"{part}: it is malformed.")
    return found


def _packed_key(files: Files, problems: list[str]) -> Ed25519PublicKey | None:
    """The key that travels with the export: good for consistency, not for trust."""
    try:
        return public_key(_file(files, parts.PUBLIC_KEY), parts.PUBLIC_KEY)
    except (UnreadableError, BrokenPart) as error:
        problems.append(str(error))
        return None


def _check_manifest(files: Files, _key: Ed25519PublicKey) -> Iterator[str]:
    """Every listed file is there unchanged, and nothing else is there."""
    listed = parts.parse_manifest(_file(files, parts.MANIFEST).decode())
    for name in sorted(listed.keys() - files.keys()):
        yield f"{name}: listed in the manifest but missing."
    for name in sorted(files.keys() - listed.keys() - parts.OUTSIDE_MANIFEST):
        yield f"{name}: present but not listed in the manifest."
    for name in sorted(listed.keys() & files.keys()):
        if parts.sha256(files[name]) != listed[name]:
            yield f"{name}: its content differs from the manifest."


def _check_statement(files: Files, key: Ed25519PublicKey) -> Iterator[str]:
    """The signed statement is the signer's and covers manifest and report."""
    envelope = _canonical(files, parts.STATEMENT)
    try:
        payload = dsse.verify(envelope, key, parts.PAYLOAD_TYPE)
    except dsse.BadEnvelope as error:
        raise BrokenPart(f"{parts.STATEMENT}: {error}.") from error
    stated = json.loads(payload)
    if stated.get("_type") != parts.STATEMENT_TYPE:
        yield f"{parts.STATEMENT}: it is no in-toto statement."
    if stated.get("predicateType") != parts.PREDICATE_TYPE:
        yield f"{parts.STATEMENT}: it states something else than a report."
    subjects = {item["name"]: item["digest"]["sha256"] for item in stated.get("subject", [])}
    if subjects.keys() != {parts.MANIFEST, parts.REPORT}:
        yield f"{parts.STATEMENT}: it does not cover the manifest and the report."
    for name, digest in subjects.items():
        if parts.sha256(_file(files, name)) != digest:
            yield f"{name}: its content differs from the signed statement."


def _check_ledger(files: Files, key: Ed25519PublicKey) -> Iterator[str]:
    """Every entry is a leaf under the signed checkpoint, and one commits to the report."""
    ledger = _canonical(files, parts.LEDGER)
    try:
        head = read_checkpoint(ledger["checkpoint"], key)
        for entry in ledger["entries"]:
            if not _included(entry, head):
                yield f"{parts.LEDGER}: entry {entry['index']} is not in the signed tree."
    except BadCheckpoint as error:
        raise BrokenPart(f"{parts.LEDGER}: {error}.") from error
    digest = parts.sha256(_file(files, parts.REPORT))
    signed = [e for e in ledger["entries"] if e["kind"] == parts.SIGNED_KIND]
    if [entry["payload"].get("sha256") for entry in signed] != [digest]:
        yield f"{parts.LEDGER}: no entry commits to this {parts.REPORT}."
    document = _canonical(files, parts.REPORT)
    for problem in ledger_problems(document, ledger["entries"]):
        yield f"{parts.REPORT}: {problem}"


def _included(entry: Mapping[str, Any], head: Checkpoint) -> bool:
    fields = ("index", "recorded_at", "kind", "actor", "reference", "payload")
    committed = {name: entry[name] for name in fields}
    leaf = entry_leaf(committed, bytes.fromhex(entry["salt"]))
    proof = [bytes.fromhex(part) for part in entry["proof"]]
    return leaf.hex() == entry["leaf_hash"] and merkle.verify_inclusion(
        leaf, entry["index"], head.size, proof, head.root
    )


def _check_claims(files: Files, key: Ed25519PublicKey) -> Iterator[str]:
    """Claims and headline are those that the recorded actions carry, in report and rendering."""
    document = _canonical(files, parts.REPORT)
    claims = [derive_claim(action_from_json(item)) for item in document["actions"]]
    if [claim.to_json() for claim in claims] != document["claims"]:
        yield f"{parts.REPORT}: a claim is not what its method and evidence carry."
    expected = headline(
        claims,
        complete=document["complete"],
        datasets_examined=document["trace"]["dataset_versions_examined"],
    )
    if document["headline"] != expected:
        yield f"{parts.REPORT}: the headline is not what the claims carry."
    if document["weakest"] != (weakest_verb(claims) if claims else ""):
        yield f"{parts.REPORT}: it names another weakest claim than there is."
    if document["report"]["signer"] != dsse.key_id(key):
        yield f"{parts.REPORT}: it names another key as its signer."
    html = _file(files, parts.HTML).decode()
    yield from (f"{parts.REPORT}: {problem}" for problem in trace_problems(document))
    yield from (f"{parts.REPORT}: {problem}" for problem in lint_document(document))
    yield from (f"{parts.HTML}: {problem}" for problem in lint_html(html, document))


def _check_evidence(files: Files, _key: Ed25519PublicKey) -> Iterator[str]:
    """Every finding of the report lies in a file whose data fit its digest, and is cited so."""
    document = _canonical(files, parts.REPORT)
    names = sorted(name for name in files if name.startswith(f"{parts.EVIDENCE}/"))
    found = [_canonical(files, name) for name in names]
    for name, item in zip(names, found, strict=True):
        if parts.sha256(rfc8785.dumps(item.get("payload"))) != item.get("digest"):
            yield f"{name}: its data do not fit its digest."
    stated = [{key: item[key] for key in item if key != "payload"} for item in found]
    if stated != document.get("evidence"):
        yield f"{parts.REPORT}: its findings are not those in {parts.EVIDENCE}/."
    yield from (f"{parts.REPORT}: {problem}" for problem in evidence_problems(document, found))


#: Each check with the part that it reads first.
CHECKS: tuple[tuple[str, Check], ...] = (
    (parts.MANIFEST, _check_manifest),
    (parts.STATEMENT, _check_statement),
    (parts.LEDGER, _check_ledger),
    (parts.REPORT, _check_claims),
    (parts.REPORT, _check_evidence),
)


def _file(files: Files, name: str) -> bytes:
    if name not in files:
        raise BrokenPart(f"{name}: it is missing.")
    return files[name]


def _canonical(files: Files, name: str) -> dict[str, Any]:
    """Parse a file that must be the canonical JSON of an object, so that every byte counts."""
    data = _file(files, name)
    try:
        value = json.loads(data)
        canonical = rfc8785.dumps(value) == data
    except (ValueError, RecursionError) as error:
        raise BrokenPart(f"{name}: it is not canonical JSON.") from error
    if not canonical or not isinstance(value, dict):
        raise BrokenPart(f"{name}: it is not canonical JSON.")
    return value
