"""Whether a report says what the ledger recorded when it happened.

An entry cannot be changed under the signed checkpoint, but a signer may leave some out of an
export: whatever a report rests on must therefore be there, and nothing there may be missing in it.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from governance.ledger import merkle
from governance.ledger.checkpoint import Checkpoint
from lineage.stated import stated_digest
from reports import statement as parts
from unlearning.recorded import planned_digest, recorded_finding

Json = Mapping[str, Any]
Entries = Sequence[Json]

#: Officers who must have agreed before anything is removed.
APPROVALS = 2


def ledger_problems(document: Json, entries: Entries, head: Checkpoint) -> Iterator[str]:
    """Compare a report with the ledger entries about its request.

    Args:
        document: The report.
        entries: The entries, each shown to be a leaf under ``head``.
        head: The ledger's signed head.

    Yields:
        One sentence a problem.
    """
    yield from _entries_problems(document, entries)
    yield from _head_problems(document, entries, head)
    yield from _request_problems(document, entries)
    for section, purpose in (("trace", "initial"), ("closing_trace", "closing")):
        yield from _trace_problems(document[section], purpose, entries)
    if document["plan"] is None:
        yield from _planless_problems(document)
    else:
        yield from _plan_problems(document, entries)
        yield from _approval_problems(document, entries)
        yield from _step_problems(document, entries)
    yield from _evidence_problems(document, entries)


def _entries_problems(document: Json, entries: Entries) -> Iterator[str]:
    """Every entry is about this request, and they stand in the order in which they happened."""
    indexes = [entry["index"] for entry in entries]
    if indexes != sorted(set(indexes)):
        yield "its ledger entries are not in the ledger's order."
    request = f"request:{document['request']['id']}"
    for entry in entries:
        if entry["reference"] != request:
            yield f"the ledger's entry {entry['index']} is about something else."


def _newest(entries: Entries, kind: str) -> Json | None:
    """The entry of a kind that the ledger took last."""
    found = [entry for entry in entries if entry["kind"] == kind]
    return max(found, key=lambda entry: int(entry["index"]), default=None)


def _head_problems(document: Json, entries: Entries, head: Checkpoint) -> Iterator[str]:
    """The head that the report names is the one just before the entry that commits to it."""
    signed = _newest(entries, parts.SIGNED_KIND)
    if signed is None:
        return  # Said already where the entry is looked for.
    before = {
        "origin": head.origin,
        "size": signed["index"],
        "root": merkle.root_before([bytes.fromhex(part) for part in signed["proof"]]).hex(),
    }
    # Only the last leaf's path gives the root before it; an honest report is signed right then.
    if head.size != signed["index"] + 1 or document["ledger"] != before:
        yield "the head of the ledger that it names is not the one that it was signed under."
    said = {"report": document["report"]["id"], "note": document["headline"]}
    if any(signed["payload"].get(name) != value for name, value in said.items()):
        yield "the ledger's entry about it names another report or headline."


def _request_problems(document: Json, entries: Entries) -> Iterator[str]:
    """The request is the one that was received."""
    received = _newest(entries, "request.received")
    stated = document["request"]
    names = ("reference", "regime", "request_type")
    if received is None or any(received["payload"].get(n) != stated[n] for n in names):
        yield "its request is not the one that the ledger received."


def _trace_problems(trace: Json | None, purpose: str, entries: Entries) -> Iterator[str]:
    """A trace is the newest of its purpose that the ledger holds, and is not left out."""
    entry = _newest(entries, f"trace.{purpose}")
    if trace is None or entry is None:
        yield f"its {purpose} trace is missing, in it or in its ledger entries."
        return
    facts = {
        "snapshot_hash": trace["snapshot_hash"],
        "complete": trace["complete"],
        "affected": len(trace["affected"]),
    }
    other = any(entry["payload"].get(name) != value for name, value in facts.items())
    if other or _changed(entry["payload"], "digest", stated_digest(trace)):
        yield f"its {purpose} trace is not the one in the ledger."


def _planless_problems(document: Json) -> Iterator[str]:
    """Without a plan nothing was done, so nothing is claimed."""
    for section in ("actions", "plan_steps", "approvals", "evidence"):
        if document[section]:
            yield f"it has no plan, but {section.replace('_', ' ')}."


def _plan_problems(document: Json, entries: Entries) -> Iterator[str]:
    """The plan is, word for word, the one that was drafted, and it was carried to its end."""
    plan = document["plan"]
    drafted = _drafted(document, entries)
    if drafted is None or drafted["actor"] != f"officer:{plan['author']}":
        yield "its plan is not one that the ledger holds."
    elif _changed(drafted["payload"], "planned", _planned(document)):
        yield "its plan steps are not those that were drafted for approval."
    if _newest(entries, "plan.promoted") is None:
        yield "the ledger does not hold that its plan was carried out."


def _planned(document: Json) -> str:
    return planned_digest(document["plan_steps"], document["plan"]["uncovered"])


def _changed(payload: Json, name: str, value: object) -> bool:
    """Whether an entry holds something else than the report.

    Entries of earlier versions may not hold it at all; nobody can take it out of one without
    breaking its leaf.
    """
    return name in payload and payload[name] != value


def _drafted(document: Json, entries: Entries) -> Json | None:
    """The entry about the plan of the report."""
    digest = document["plan"]["digest"]
    own = [entry for entry in entries if entry["payload"].get("digest") == digest]
    return _newest(own, "plan.drafted")


def _approval_problems(document: Json, entries: Entries) -> Iterator[str]:
    """Two officers agreed to this plan, as what they were then, and when the ledger says."""
    plan = document["plan"]
    agreed = {
        entry["actor"]: entry["payload"]
        for entry in entries
        if entry["kind"] == "request.approval" and entry["payload"]["plan_digest"] == plan["digest"]
    }
    stated = {f"officer:{item['officer']}": item for item in document["approvals"]}
    if len(stated) < APPROVALS or not stated.keys() <= agreed.keys():
        yield "its approvals are not two that the ledger holds for this plan."
        return
    for actor, item in stated.items():
        changed = any(_changed(agreed[actor], n, item[n]) for n in ("roles", "approved_at"))
        if changed or item["is_author"] != (item["officer"] == plan["author"]):
            yield f"the approval of {item['officer']} is not as the ledger holds it."


def _step_problems(document: Json, entries: Entries) -> Iterator[str]:
    """What was done to each artifact is what the ledger says of the step that did it."""
    drafted = _drafted(document, entries)
    since = drafted["index"] if drafted else -1
    done = {
        entry["payload"]["step"]: entry["payload"]
        for entry in entries
        if entry["kind"] == "step.done" and entry["index"] > since
    }
    steps = document["plan_steps"]
    actions = [action for action in document["actions"] if action["method"]]
    treated = ("artifact_kind", "artifact_name", "method", "guarantee_class")
    if [[a[n] for n in treated] for a in actions] != [[s[n] for n in treated] for s in steps]:
        yield "what it says was done are not the steps of its plan."
        return
    for step, action in zip(steps, actions, strict=True):
        if not _done_so(step, action, done.get(step["ordinal"])):
            yield f"the ledger says something else of its step {step['ordinal']}."


def _done_so(step: Json, action: Json, entry: Json | None) -> bool:
    """Whether an action is what the ledger says of its step."""
    finished = step["state"] == "done"
    ran = any((e["kind"], e["outcome"]) == ("run_recorded", "passed") for e in action["evidence"])
    if finished != (entry is not None) or action["run_recorded"] != (finished and ran):
        return False
    recorded = entry or {"method": step["method"], "digest": None}
    return (
        recorded["method"] == step["method"]
        and (recorded["digest"] or "") == action["new_digest"]
        and not _changed(recorded, "name", step["artifact_name"])
    )


def _evidence_problems(document: Json, entries: Entries) -> Iterator[str]:
    """The findings are those of the ledger: none was added, reworded, moved or left out."""
    newest: dict[str, Json | str] = {}
    for entry in sorted(entries, key=lambda entry: int(entry["index"])):
        newest |= entry["payload"].get("evidence", {})
    left = Counter(_identity(bound) for bound in newest.values())
    for item in document["evidence"]:
        # Entries of earlier versions bound the data alone.
        for identity in (_identity(recorded_finding(**item)), _identity(item["digest"])):
            if left[identity] > 0:
                left[identity] -= 1
                break
        else:
            about = item["artifact"] or "the plan"
            yield f"{item['kind']} of {about} is not the evidence in the ledger."
    for kind, outcome, digest in left.elements():
        words = f"{kind}, {outcome}" if kind else f"data {digest[:12]}"
        yield f"it leaves out a finding of the ledger: {words}."


def _identity(bound: Json | str) -> tuple[str, str, str]:
    if isinstance(bound, str):
        return "", "", bound
    return bound["kind"], bound["outcome"], bound["digest"]
