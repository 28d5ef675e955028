"""Whether an export is as it was signed: both manifests, the statement, the files for tools."""

import json
from collections.abc import Iterator

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from governance import dsse
from reports import statement as parts
from reports.bag import DECLARED, payload_oxum
from vestige.export_reader import BrokenPart, Files, file_of, object_of


def check_bag(files: Files, _key: Ed25519PublicKey) -> Iterator[str]:
    """Every file is there unchanged, listed in the manifest of its kind, and nothing else is."""
    payload = {name: data for name, data in files.items() if name.startswith(parts.DATA)}
    tags = {name: data for name, data in files.items() if name not in payload}
    yield from _listed(files, parts.MANIFEST, payload)
    tag_files = {n: d for n, d in tags.items() if n not in parts.OUTSIDE_MANIFESTS}
    yield from _listed(files, parts.TAG_MANIFEST, tag_files)
    if file_of(files, parts.DECLARATION) != DECLARED:
        yield f"{parts.DECLARATION}: it declares no bag of ours."
    oxum = f"Payload-Oxum: {payload_oxum(payload)}"
    if oxum not in file_of(files, parts.BAG_INFO).decode().splitlines():
        yield f"{parts.BAG_INFO}: it counts the payload wrongly."


def _listed(files: Files, manifest: str, there: Files) -> Iterator[str]:
    """Problems of one manifest against the files that it has to list."""
    try:
        listed = parts.parse_manifest(file_of(files, manifest).decode())
    except ValueError as error:
        raise BrokenPart(f"{manifest}: it is malformed.") from error
    for name in sorted(listed.keys() - there.keys()):
        yield f"{name}: listed in {manifest} but missing."
    for name in sorted(there.keys() - listed.keys()):
        yield f"{name}: present but not listed in {manifest}."
    for name in sorted(listed.keys() & there.keys()):
        if parts.sha256(there[name]) != listed[name]:
            yield f"{name}: its content differs from {manifest}."


def check_statement(files: Files, key: Ed25519PublicKey) -> Iterator[str]:
    """The statement is the signer's, covers everything, and stands so in the files for tools."""
    envelope = object_of(files, parts.STATEMENT)
    try:
        payload = dsse.verify(envelope, key, parts.PAYLOAD_TYPE)
    except dsse.BadEnvelope as error:
        raise BrokenPart(f"{parts.STATEMENT}: {error}.") from error
    yield from same(files, parts.statement_files(envelope))
    stated = json.loads(payload)
    if stated.get("_type") != parts.STATEMENT_TYPE:
        yield f"{parts.STATEMENT}: it is no in-toto statement."
    if stated.get("predicateType") != parts.PREDICATE_TYPE:
        yield f"{parts.STATEMENT}: it states something else than a report."
    subjects = {item["name"]: item["digest"]["sha256"] for item in stated.get("subject", [])}
    if subjects.keys() != set(parts.STATED):
        yield f"{parts.STATEMENT}: it does not cover both manifests and the report."
    for name, digest in subjects.items():
        if parts.sha256(file_of(files, name)) != digest:
            yield f"{name}: its content differs from the signed statement."


def same(files: Files, expected: Files) -> Iterator[str]:
    """Problems of files that must be exactly what another part says."""
    for name, data in expected.items():
        if file_of(files, name) != data:
            yield f"{name}: it is not what was signed."
