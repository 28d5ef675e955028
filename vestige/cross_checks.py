"""Whether the parts of an export tell one story: report, evidence and ledger against each other.

Signatures show who says something; these checks show that it was not said against the record.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reports.document import both_complete
from reports.rules import RULES

Json = Mapping[str, Any]

#: Kinds of artifact that have no claim of their own or whose digest no step reports.
UNDIGESTED = frozenset({"segment", "dataset_version", "evaluation_set", "log"})
#: Kinds of artifact that must be clean themselves before what was made from them is.
ANCESTORS = frozenset({"model", "fine_tune", "distilled", "synthetic_dataset"})
#: Ledger entries about recipients start so.
RECIPIENT_KINDS = "recipient."
#: Officers who must have agreed before anything is removed.
APPROVALS = 2


def trace_problems(document: Json) -> Iterator[str]:
    """Claims and headline leave out nothing that the two traces found."""
    trace, closing = document["trace"], document["closing_trace"]
    if document["complete"] is not both_complete(trace, closing):
        yield "it says something else on completeness than its traces."
    named = {(action["artifact_kind"], action["artifact_name"]) for action in document["actions"]}
    made = {action["new_digest"]: action for action in document["actions"] if action["new_digest"]}
    for item in trace["affected"]:
        if item["kind"] != "segment" and (item["kind"], item["name"]) not in named:
            yield f"it claims nothing on {item['name']}, which its trace found."
    for item in closing["affected"] if closing else ():
        action = made.get(item["digest"])
        if action and not set(item["influence"]) <= set(action["found_again"]):
            yield f"it leaves out that its closing trace still found {item['name']}."
        known = action or item["kind"] in UNDIGESTED or (item["kind"], item["name"]) in named
        if not known:
            yield f"it claims nothing on {item['name']}, which its closing trace found."


def ancestry_problems(document: Json) -> Iterator[str]:
    """Each action names the affected model or synthetic dataset that its trace came through."""
    kinds = {item["name"]: item["kind"] for item in document["trace"]["affected"]}
    before = {
        (item["kind"], item["name"]): item["path"][-2]
        for item in document["trace"]["affected"]
        if len(item["path"]) > 1
    }
    for action in document["actions"]:
        source = before.get((action["artifact_kind"], action["artifact_name"]), "")
        rule = RULES.get(action["method"])
        if rule is None or not rule.required_of_heirs or kinds.get(source) not in ANCESTORS:
            continue
        if source not in action["inherits"]:
            yield f"it leaves out that {action['artifact_name']} was made from {source}."


def evidence_problems(document: Json, files: Sequence[Json]) -> Iterator[str]:
    """Each action cites all findings about its artifact, and findings about its own digest.

    Args:
        document: The report.
        files: The evidence files, parsed.
    """
    payloads = {item["digest"]: item["payload"] for item in files}
    cited = [
        (action["artifact_name"], item["kind"], item["outcome"], item["summary"], item["digest"])
        for action in document["actions"]
        for item in action["evidence"]
    ]
    found = [
        (item["artifact"], item["kind"], item["outcome"], item["summary"], item["digest"])
        for item in files
        if item["artifact"]
    ]
    if sorted(cited) != sorted(found):
        yield "its claims do not cite exactly the evidence in data/evidence/."
    for action in document["actions"]:
        equal_rows = sum(
            payloads.get(item["digest"], {}).get("rows_with_same_content", 0)
            for item in action["evidence"]
            if item["kind"] == "duplicates_checked"
        )
        if action["same_content"] != equal_rows:
            yield f"it counts the equal rows of others wrongly at {action['artifact_name']}."
        for item in action["evidence"]:
            replayed = item["kind"] == "replay_equal" and item["outcome"] == "passed"
            about = payloads.get(item["digest"], {}).get("digest")
            if replayed and about != action["new_digest"]:
                yield f"the replay of {action['artifact_name']} was of another digest."


def ledger_problems(document: Json, entries: Sequence[Json]) -> Iterator[str]:
    """Traces, approvals and evidence are those that the ledger recorded when they happened."""
    newest = {entry["kind"]: entry["payload"] for entry in entries}
    for name, purpose in (("trace", "initial"), ("closing_trace", "closing")):
        trace, entry = document[name], newest.get(f"trace.{purpose}", {})
        if trace and any(entry.get(fact) != value for fact, value in _facts(trace).items()):
            yield f"its {purpose} trace is not the one in the ledger."
    if document["plan"] is None:
        return
    agreed = {
        entry["actor"]
        for entry in entries
        if entry["kind"] == "request.approval"
        and entry["payload"]["plan_digest"] == document["plan"]["digest"]
    }
    stated = {f"officer:{item['officer']}" for item in document["approvals"]}
    if len(stated) < APPROVALS or not stated <= agreed:
        yield "its approvals are not two that the ledger holds for this plan."
    recorded = set(newest.get("plan.promoted", {}).get("evidence", {}).values())
    recorded |= set(_later_evidence(entries))
    for item in document["evidence"]:
        if item["artifact"] and item["digest"] not in recorded:
            yield f"{item['kind']} of {item['artifact']} is not the evidence in the ledger."


def _later_evidence(entries: Sequence[Json]) -> Iterator[str]:
    """Digests of evidence that came after the promotion: what recipients were told and answered."""
    for entry in entries:
        if entry["kind"].startswith(RECIPIENT_KINDS):
            yield from entry["payload"].get("evidence", {}).values()


def _facts(trace: Json) -> dict[str, object]:
    """What the ledger's entry about a trace holds of it."""
    return {
        "snapshot_hash": trace["snapshot_hash"],
        "complete": trace["complete"],
        "affected": len(trace["affected"]),
    }
