"""The checks of an export, each of one part, as sentences that name the part.

Pure, and reading the same cores that wrote the export: an export that passes says what its method
and evidence carry, under one signature.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from governance import dsse
from governance.ledger import merkle
from governance.ledger.checkpoint import BadCheckpoint, Checkpoint, read_checkpoint
from governance.ledger.leaves import entry_leaf
from reports import statement as parts
from reports.bag import bag_info, info_text
from reports.document import SCHEMA, action_from_json, action_to_json
from reports.facts import FindingFacts
from reports.lint import lint_document, lint_html
from reports.pdf_lint import lint_pdf
from reports.sections import derived_sections
from vestige.cross_checks import (
    ancestry_problems,
    clock_problems,
    evidence_problems,
    trace_problems,
)
from vestige.export_reader import BrokenPart, Files, file_of, object_of
from vestige.integrity import check_bag, check_statement, same
from vestige.ledger_checks import ledger_problems

Check = Callable[[Files, Ed25519PublicKey], Iterator[str]]

#: Where the exports before the bag had their report.
EARLIER_REPORT = "report.json"

#: What reading a value of another shape than ours raises.
MALFORMED = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
    dsse.BadEnvelope,
)


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
    for problem in ledger_problems(document, ledger["entries"], head):
        yield f"{parts.REPORT}: {problem}"


def _included(entry: Mapping[str, Any], head: Checkpoint) -> bool:
    fields = ("index", "recorded_at", "kind", "actor", "reference", "payload")
    committed = {name: entry[name] for name in fields}
    leaf = entry_leaf(committed, bytes.fromhex(entry["salt"]))
    proof = [bytes.fromhex(part) for part in entry["proof"]]
    return leaf.hex() == entry["leaf_hash"] and merkle.verify_inclusion(
        leaf, entry["index"], head.size, proof, head.root
    )


def _check_report(files: Files, key: Ed25519PublicKey) -> Iterator[str]:
    """The report agrees with itself and names its signer; its page for reading says no more."""
    document = object_of(files, parts.REPORT)
    if document["report"]["signer"] != dsse.key_id(key):
        yield f"{parts.REPORT}: it names another key as its signer."
    for check in (trace_problems, ancestry_problems, clock_problems, lint_document):
        yield from (f"{parts.REPORT}: {problem}" for problem in check(document))
    html = file_of(files, parts.HTML).decode()
    yield from (f"{parts.HTML}: {problem}" for problem in lint_html(html, document))


def _check_findings(files: Files, _key: Ed25519PublicKey) -> Iterator[str]:
    """Every finding lies in a file whose data fit its digest, and the sections follow from them."""
    document = object_of(files, parts.REPORT)
    names = [
        parts.evidence_name(position, item["kind"])
        for position, item in enumerate(document["evidence"], start=1)
    ]
    known = {parts.REPORT, parts.HTML, parts.PDF, parts.LEDGER, *names}
    for name in sorted(files):
        if name.startswith(parts.DATA) and name not in known:
            yield f"{name}: it is no part of a report."
    found = [object_of(files, name) for name in names]
    for name, item in zip(names, found, strict=True):
        if parts.sha256(rfc8785.dumps(item.get("payload"))) != item.get("digest"):
            yield f"{name}: its data do not fit its digest."
    yield from (f"{parts.REPORT}: {problem}" for problem in evidence_problems(document, found))
    yield from _section_problems(document, [FindingFacts(**item) for item in found])


def _section_problems(
    document: Mapping[str, Any], findings: Sequence[FindingFacts]
) -> Iterator[str]:
    """Every section that follows from the others is what follows from them."""
    actions = [action_from_json(item) for item in document["actions"]]
    expected = {
        "actions": [action_to_json(action) for action in actions],
        **derived_sections(
            actions=actions,
            findings=findings,
            trace=document["trace"],
            closing_trace=document["closing_trace"],
        ),
    }
    for section, derived in expected.items():
        if document.get(section) != derived:
            words = section.replace("_", " ")
            yield f'{parts.REPORT}: its section "{words}" does not follow from its record.'


def _check_labels(files: Files, _key: Ed25519PublicKey) -> Iterator[str]:
    """What is said of the report outside it is said of this report."""
    document = object_of(files, parts.REPORT)
    report, reference = document["report"], document["request"]["reference"]
    stated = json.loads(dsse.open_unverified(object_of(files, parts.STATEMENT), parts.PAYLOAD_TYPE))
    if stated["predicate"] != parts.predicate(report=report["id"], reference=reference):
        yield f"{parts.STATEMENT}: it names another report."
    info = bag_info(
        organisation=report["organisation"],
        reference=reference,
        created_on=datetime.fromisoformat(report["created_at"]).date(),
        schema=document["schema"],
    )
    lines = file_of(files, parts.BAG_INFO).splitlines()
    if not set(info_text(info).splitlines()) <= set(lines):
        yield f"{parts.BAG_INFO}: it describes another report."


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
    (parts.REPORT, _check_report),
    (parts.REPORT, _check_findings),
    (parts.BAG_INFO, _check_labels),
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
    except MALFORMED:
        return ""
    return str(schema) if schema != SCHEMA else ""
