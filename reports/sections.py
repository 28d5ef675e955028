"""Sections of a report that follow from its other parts: pure.

The report is built with them, and the offline verifier derives them again; what stands here is
therefore what nobody can word differently.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from reports.claims import Action, Claim, derive_claim
from reports.facts import FindingFacts
from reports.headline import headline, weakest_verb
from reports.metrics import measurements
from reports.tables import (
    destructions,
    gaps,
    membership,
    not_examined,
    owners_notes,
    recipients,
)
from reports.threats import THREATS
from reports.verbs import RESIDUAL_RISK, Verb

Json = Mapping[str, Any]


def derived_sections(
    *,
    actions: Sequence[Action],
    findings: Sequence[FindingFacts],
    trace: Json,
    closing_trace: Json | None,
) -> dict[str, Any]:
    """Derive every section that follows from what was done, found and traced.

    Args:
        actions: What was done to each affected artifact.
        findings: Every finding, in the order of the report.
        trace: The first trace as the report states it (``lineage.stated``), with the number of
            data sets examined.
        closing_trace: The one after the work, or None.

    Returns:
        JSON values by the section's name.
    """
    claims = [derive_claim(action) for action in actions]
    complete = both_complete(trace, closing_trace)
    return {
        "headline": headline(
            claims, complete=complete, datasets_examined=trace["datasets_examined"]
        ),
        "weakest": weakest_verb(claims) if claims else "",
        "complete": complete,
        "claims": [claim.to_json() for claim in claims],
        "deployments": _deployments(findings),
        "affected_artifacts": list(trace["affected"]),
        "notes": owners_notes(trace["affected"]),
        "gaps": jsonable(gaps([found for found in (trace, closing_trace) if found])),
        "evidence": [_finding(item) for item in findings],
        "destructions": destructions(findings),
        "recipients": recipients(actions),
        "membership": membership(findings),
        "measurements": measurements(findings),
        "threat_model": _threats(findings),
        "baseline": _baseline(findings),
        "residual_risk": _residual_risk(claims, complete=complete),
        "not_examined": not_examined(actions),
        "not_guaranteed": list(dict.fromkeys(limit for c in claims for limit in c.limits)),
    }


def both_complete(trace: Json, closing: Json | None) -> bool:
    """Whether no gap could hide an affected artifact; a trace that is missing shows nothing."""
    return bool(trace["complete"]) and closing is not None and bool(closing["complete"])


def _deployments(findings: Sequence[FindingFacts]) -> list[dict[str, Any]]:
    """Switches of a product to another digest: an operation of its own and no removal."""
    return [
        {"operation": "product switched to another model", **_finding(item)}
        for item in findings
        if item.kind == "deployment_switched"
    ]


def _finding(item: FindingFacts) -> dict[str, Any]:
    """A finding without its data, which lie in the evidence file of the same digest."""
    return {
        "artifact": item.artifact,
        "kind": item.kind,
        "outcome": item.outcome,
        "summary": item.summary,
        "digest": item.digest,
    }


def _threats(findings: Sequence[FindingFacts]) -> list[dict[str, str]]:
    kinds = dict.fromkeys(item.kind for item in findings if item.kind in THREATS)
    return [{"evidence": kind, **asdict(THREATS[kind])} for kind in kinds]


def _baseline(findings: Sequence[FindingFacts]) -> str:
    """Whether full retraining was the comparison."""
    compared = [
        item.artifact
        for item in findings
        if item.kind == "membership_inference" and item.payload.get("reference")
    ]
    if not compared:
        return "Nothing was compared with a retrained model."
    return (
        "Full retraining without the records was the comparison for: "
        + ", ".join(dict.fromkeys(compared))
        + "."
    )


def _residual_risk(claims: Sequence[Claim], *, complete: bool) -> list[str]:
    verbs = {claim.verb for claim in claims}
    risks = [RESIDUAL_RISK[verb] for verb in Verb if verb in verbs]
    if not claims:
        risks.append("Records under another identifier would not have been found.")
    if not complete:
        risks.append("The lineage has gaps; an artifact that it does not know may be affected.")
    return risks


def jsonable(value: Any) -> Any:  # noqa: ANN401 - walks any JSON-like value
    """Turn tuples, mappings and dates into JSON values."""
    if isinstance(value, Mapping):
        return {str(name): jsonable(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(inner) for inner in value]
    return value.isoformat() if isinstance(value, date) else value
