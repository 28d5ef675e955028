"""What the ledger binds of a finding and of a plan: pure, written when they are recorded.

The offline verifier computes the same from a report, so that no word of a finding or of a plan can
be changed after it was recorded.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import rfc8785

#: What officers read of a step before they approve; its state and the names of methods come later.
PLANNED = (
    "ordinal",
    "artifact_kind",
    "artifact_name",
    "method",
    "guarantee_class",
    "cost_seconds",
    "cost_basis",
    "reason",
    "alternatives",
    "depends_on",
)


def recorded_finding(
    *, artifact: str, kind: str, outcome: str, summary: str, digest: str
) -> dict[str, str]:
    """Bind a finding with everything that a report shows of it.

    Args:
        artifact: Name of the artifact it is about; empty where it is about the whole plan.
        kind: A key of ``unlearning.verification.EVIDENCE_KINDS``.
        outcome: ``passed``, ``failed`` or ``inconclusive``.
        summary: Its sentence.
        digest: SHA-256 of its canonical payload, in hex.

    Returns:
        Kind and outcome in words, and one digest over all of it.
    """
    whole = {
        "artifact": artifact,
        "kind": kind,
        "outcome": outcome,
        "summary": summary,
        "payload": digest,
    }
    return {"kind": kind, "outcome": outcome, "digest": _digest(whole)}


def planned_digest(steps: Iterable[Mapping[str, Any]], uncovered: Iterable[Any]) -> str:
    """Bind a plan as officers read it.

    Args:
        steps: Each with at least the fields of ``PLANNED``.
        uncovered: What no method can treat, with the reasons.
    """
    read = [{name: step[name] for name in PLANNED} for step in steps]
    return _digest({"steps": read, "uncovered": list(uncovered)})


def _digest(value: object) -> str:
    return hashlib.sha256(rfc8785.dumps(value)).hexdigest()  # type: ignore[arg-type]
