"""Tables of the document that are read off the findings: receipts, recipients, replicas, gaps."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from reports.claims import Action
from reports.facts import FindingFacts
from reports.metrics import REPLICAS

#: Kinds of evidence that carry receipts, with what the receipts are for.
RECEIPTED = {"artifact_destroyed": "the artifact", "superseded_destroyed": "the superseded version"}

#: What no report of this installation looks at.
NOT_EXAMINED: tuple[str, ...] = (
    "Backups, snapshots, write-ahead logs and freed file-system blocks.",
    "Caches, logs and copies that lineage did not capture.",
    "Anything that the lineage graph does not hold; its known gaps are listed above.",
    "Legal holds, exemptions and the backup horizon: none are on record here.",
    "Other identifiers of the same data subject than the one the request named.",
    "Attacks beyond the tests listed, such as extraction, quantisation or further fine-tuning.",
    "The ledger's own history: without an outside witness its operator could have rewritten it.",
)
NO_RECIPIENTS = "Recipients of the data outside the organisation: none are on record here."
RECIPIENTS_BEYOND = "What recipients did with their copies, and to whom they passed them on."


def owners_notes(affected: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """What the owners of affected artifacts say of them, in their own words, each once."""
    said = ((item["name"], str(item.get("description") or "")) for item in affected)
    return [{"artifact": name, "note": note} for name, note in dict.fromkeys(said) if note.strip()]


def destructions(findings: Iterable[FindingFacts]) -> list[dict[str, Any]]:
    """One row a location that was emptied and read again."""
    return [
        {
            "artifact": item.artifact,
            "what": RECEIPTED[item.kind],
            "location": str(receipt["location"]),
            "files": receipt.get("files"),
            "bytes": receipt.get("bytes"),
            "digest": str(receipt.get("digest") or ""),
            "absent": receipt.get("absent") is True,
        }
        for item in findings
        if item.kind in RECEIPTED
        for receipt in item.payload.get("receipts", ())
    ]


#: The attacks of the replica finding, in words.
ATTACKS = {
    "auc": "loss threshold, AUC",
    "balanced_accuracy": "likelihood ratio, balanced accuracy",
}


def membership(findings: Iterable[FindingFacts]) -> list[dict[str, Any]]:
    """One row a forgotten record and attack: before, after and control, each with its interval."""
    return [
        {
            "artifact": item.artifact,
            "record": record,
            "attack": attack,
            "before": _interval(row["before"][key]),
            "after": _interval(row["after"][key]),
            "control": _interval(row["reference"][key]),
            "replicas": item.payload["replicas"],
            "decision": item.outcome,
        }
        for item in findings
        if item.kind == REPLICAS
        for record, row in sorted(
            item.payload.get("records", {}).items(), key=lambda pair: int(pair[0])
        )
        for key, attack in ATTACKS.items()
    ]


def _interval(found: Mapping[str, Any]) -> str:
    """A value with its interval, as people write it."""
    return f"{found['value']:.3f} ({found['low']:.3f} to {found['high']:.3f})"


def recipients(actions: Iterable[Action]) -> list[dict[str, str]]:
    """Who was told and who answered, one row a recipient, in the words of the findings."""
    return [
        {
            "name": action.artifact_name,
            "notified": _said(action, "recipient_notified"),
            "acknowledged": _said(action, "recipient_acknowledged"),
        }
        for action in actions
        if action.artifact_kind == "recipient"
    ]


def _said(action: Action, kind: str) -> str:
    """The newest finding of one kind; empty where there is none."""
    found = [item.summary for item in action.evidence if item.kind == kind]
    return found[-1] if found else ""


def gaps(traces: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Gaps of all traces, each once; those on a path to an affected artifact come first.

    A gap elsewhere is named and does not make the report incomplete: what it may hide cannot have
    come from the records that were found.
    """
    hiding = {reason for trace in traces for reason in trace["reasons"]}
    found = list(_each_once(gap for trace in traces for gap in trace["gaps"]))
    listed = [{**gap, "on_path": gap["hides"] in hiding} for gap in found]
    return sorted(listed, key=lambda gap: not gap["on_path"])


def _each_once(gaps_found: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    seen: list[Mapping[str, Any]] = []
    for gap in gaps_found:
        if gap not in seen:
            seen.append(gap)
            yield dict(gap)


def not_examined(actions: Iterable[Action]) -> list[str]:
    """What nobody looked at; recipients are one line, by whether there are any on record."""
    told = any(action.artifact_kind == "recipient" for action in actions)
    return [*NOT_EXAMINED, RECIPIENTS_BEYOND if told else NO_RECIPIENTS]
