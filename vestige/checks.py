"""The checks of an export, each of one part, as sentences that name the part.

Pure, and reading the same cores that wrote the export: an export that passes says what its method
and evidence carry, under one signature.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from governance import dsse
from governance.ledger import merkle
from governance.ledger.checkpoint import BadCheckpoint, Checkpoint, read_checkpoint
from governance.ledger.leaves import entry_leaf
from reports import statement as parts
from reports.claims import derive_claim
from reports.document import SCHEMA, action_from_json
from reports.facts import FindingFacts
from reports.headline import headline, weakest_verb
from reports.lint import lint_document, lint_html
from reports.metrics import measurements
from reports.pdf_lint import lint_pdf
from reports.tables import destructions, membership
from vestige.cross_checks import (
    ancestry_problems,
    evidence_problems,
    ledger_problems,
    trace_problems,
)
from vestige.export_reader import BrokenPart, Files, file_of, object_of
from vestige.integrity import check_bag, check_statement, same

Check = Callable[[Files, Ed25519PublicKey], Iterator[str]]

#: Where the exports before the bag had their report.
EARLIER_REPORT = "report.json"

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


def _check_ledger(files: Files, key: Ed25519PublicKey) -> Iterator[str]:
    """Every entry is a leaf under the signed checkpoint, and one commits to the report."""
    ledger = object_of(files, parts.LEDGER)
    try:
        head = read_checkpoint(ledger["checkpoint"], key)
        yield from same(files, parts.checkpoint_files(ledger["checkpoint"]))
        for entry in ledger["entries"]:
            if not _included(entry, head):
                yield f"{parts.LEDGER}: entry {entry['index']} is not in the signed tree."
    except BadCheckpoint as error:
        raise BrokenPart(f"{parts.LEDGER}: {error}.") from error
    digest = parts.sha256(file_of(files, parts.REPORT))
    signed = [e for e in ledger["entries"] if e["kind"] == parts.SIGNED_KIND]
    if [entry["payload"].get("sha256") for entry in signed] != [digest]:
        yield f"{parts.LEDGER}: no entry commits to this {parts.REPORT}."
    document = object_of(files, parts.REPORT)
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
    document = object_of(files, parts.REPORT)
    claims = [derive_claim(action_from_json(item)) for item in document["actions"]]
    if [claim.to_json() for claim in claims] != document["claims"]:
        yield f"{parts.REPORT}: a claim is not what its method and evidence carry."
    expected = headline(
        claims,
        complete=document["complete"],
        datasets_examined=document["trace"]["datasets_examined"],
    )
    if document["headline"] != expected:
        yield f"{parts.REPORT}: the headline is not what the claims carry."
    if document["weakest"] != (weakest_verb(claims) if claims else ""):
        yield f"{parts.REPORT}: it names another weakest claim than there is."
    if document["report"]["signer"] != dsse.key_id(key):
        yield f"{parts.REPORT}: it names another key as its signer."
    html = file_of(files, parts.HTML).decode()
    yield from (f"{parts.REPORT}: {problem}" for problem in trace_problems(document))
    yield from (f"{parts.REPORT}: {problem}" for problem in ancestry_problems(document))
    yield from (f"{parts.REPORT}: {problem}" for problem in lint_document(document))
    yield from (f"{parts.HTML}: {problem}" for problem in lint_html(html, document))


#: Tables of the report that follow from the findings alone.
DERIVED: dict[str, Callable[[Sequence[FindingFacts]], Any]] = {
    "measurements": measurements,
    "destructions": destructions,
    "membership": membership,
}


def _check_evidence(files: Files, _key: Ed25519PublicKey) -> Iterator[str]:
    """Every finding of the report lies in a file whose data fit its digest, and is cited so."""
    document = object_of(files, parts.REPORT)
    names = sorted(name for name in files if name.startswith(f"{parts.EVIDENCE}/"))
    found = [object_of(files, name) for name in names]
    for name, item in zip(names, found, strict=True):
        if parts.sha256(rfc8785.dumps(item.get("payload"))) != item.get("digest"):
            yield f"{name}: its data do not fit its digest."
    stated = [{key: item[key] for key in item if key != "payload"} for item in found]
    if stated != document.get("evidence"):
        yield f"{parts.REPORT}: its findings are not those in {parts.EVIDENCE}/."
    yield from (f"{parts.REPORT}: {problem}" for problem in evidence_problems(document, found))
    findings = [FindingFacts(**item) for item in found]
    for table, derive in DERIVED.items():
        if document.get(table) != derive(findings):
            yield f"{parts.REPORT}: its {table} are not those of its findings."


def _check_pdf(files: Files, _key: Ed25519PublicKey) -> Iterator[str]:
    """The pages say what the document says."""
    document = object_of(files, parts.REPORT)
    pdf = file_of(files, parts.PDF)
    yield from (f"{parts.PDF}: {problem}" for problem in lint_pdf(pdf, document))


#: Each check with the part that it reads first: whether nothing was changed since it was signed,
INTEGRITY: tuple[tuple[str, Check], ...] = (
    (parts.MANIFEST, check_bag),
    (parts.STATEMENT, check_statement),
)
#: whether the parts tell one story,
CONTENT: tuple[tuple[str, Check], ...] = (
    (parts.LEDGER, _check_ledger),
    (parts.REPORT, _check_claims),
    (parts.REPORT, _check_evidence),
)
#: and what takes long to read, which nobody needs to know of a broken export.
PAGES: tuple[tuple[str, Check], ...] = ((parts.PDF, _check_pdf),)


def problems_of(
    files: Files, signer: Ed25519PublicKey, checks: Iterable[tuple[str, Check]]
) -> list[str]:
    """Everything that these checks find, a sentence each; empty when all holds."""
    return [problem for part, check in checks for problem in _run(part, check, files, signer)]


def other_version(files: Files) -> str:
    """Under which schema another version of Vestige wrote this; empty where this one did."""
    name = parts.REPORT if parts.REPORT in files else EARLIER_REPORT
    try:
        schema = json.loads(files[name])["schema"]
    except (KeyError, *MALFORMED):
        return ""
    return str(schema) if schema != SCHEMA else ""
