"""Builds the one document object that every rendering of a report is made from."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from reports.claims import Action, Claim, EvidenceItem, derive_claim
from reports.facts import ClockFacts, FindingFacts, PlanFacts, ReportFacts, RequestFacts
from reports.headline import headline, weakest_verb
from reports.metrics import measurements
from reports.rules import RULES
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

SCHEMA = "vestige-report/2"


def build_document(facts: ReportFacts) -> dict[str, Any]:
    """Build the report.

    Args:
        facts: Everything the report may state.

    Returns:
        JSON values only; canonical JSON and HTML are rendered from this and nothing else.
    """
    claims = [derive_claim(action) for action in facts.actions]
    complete = both_complete(facts.trace, facts.closing_trace)
    return {
        "schema": SCHEMA,
        "report": {
            "id": facts.report_id,
            "created_at": _moment(facts.created_at),
            "organisation": facts.organisation,
            "signer": facts.signer,
        },
        "headline": headline(claims, complete=complete, datasets_examined=facts.datasets_examined),
        "weakest": weakest_verb(claims) if claims else "",
        "complete": complete,
        "claims": [claim.to_json() for claim in claims],
        "actions": [_action(action) for action in facts.actions],
        "deployments": _deployments(facts.findings),
        "request": _request(facts.request),
        "affected_artifacts": [_affected(item) for item in facts.trace["affected"]],
        "notes": owners_notes(facts.trace["affected"]),
        "gaps": _jsonable(gaps([t for t in (facts.trace, facts.closing_trace) if t])),
        "trace": _trace(facts.trace, facts.datasets_examined),
        "closing_trace": (
            _trace(facts.closing_trace, facts.datasets_examined) if facts.closing_trace else None
        ),
        "plan": _plan(facts.plan),
        "plan_steps": [_jsonable(asdict(step)) for step in facts.plan.steps] if facts.plan else [],
        "approvals": [
            {**_jsonable(asdict(item)), "approved_at": _moment(item.approved_at)}
            for item in facts.approvals
        ],
        "evidence": [_finding(item) for item in facts.findings],
        "destructions": destructions(facts.findings),
        "recipients": recipients(facts.actions),
        "membership": membership(facts.findings),
        "measurements": measurements(facts.findings),
        "threat_model": _threats(facts.findings),
        "baseline": _baseline(facts.findings),
        "residual_risk": _residual_risk(claims, complete=complete),
        "not_examined": not_examined(facts.actions),
        "not_guaranteed": list(dict.fromkeys(limit for c in claims for limit in c.limits)),
        "ledger": asdict(facts.ledger),
    }


def both_complete(trace: Mapping[str, Any], closing: Mapping[str, Any] | None) -> bool:
    """Whether no gap could hide an affected artifact; a trace that is missing shows nothing."""
    return bool(trace["complete"]) and closing is not None and bool(closing["complete"])


def action_from_json(item: Mapping[str, Any]) -> Action:
    """Read an action back, so that a verifier can derive its claim anew.

    Raises:
        TypeError: A field is missing or unknown.
        KeyError: The evidence is missing.
    """
    fields = {name: value for name, value in item.items() if name != "operation"}
    fields["found_again"] = tuple(item["found_again"])
    fields["inherits"] = tuple(item["inherits"])
    fields["evidence"] = tuple(EvidenceItem(**entry) for entry in item["evidence"])
    return Action(**fields)


def _action(action: Action) -> dict[str, Any]:
    rule = RULES.get(action.method)
    operation = rule.operation if rule else "no operation"
    return {
        **asdict(action),
        "found_again": list(action.found_again),
        "inherits": list(action.inherits),
        "evidence": [asdict(item) for item in action.evidence],
        "operation": operation,
    }


def _deployments(findings: Sequence[FindingFacts]) -> list[dict[str, Any]]:
    """Switches of a product to another digest: an operation of its own and no removal."""
    return [
        {"operation": "product switched to another model", **_finding(item)}
        for item in findings
        if item.kind == "deployment_switched"
    ]


def _request(request: RequestFacts) -> dict[str, Any]:
    confirmed = request.identity_confirmed_at
    return {
        "id": request.id,
        "reference": request.reference,
        "regime": request.regime,
        "regime_name": request.regime_name,
        "request_type": request.request_type,
        "identity": {
            "method": request.identity_method,
            "confirmed_at": _moment(confirmed) if confirmed else None,
        },
        "clock": _clock(request.clock),
    }


def _clock(clock: ClockFacts) -> dict[str, Any]:
    return {
        "source": clock.source,
        "rule": clock.rule,
        "received_at": _moment(clock.received_at),
        "due_on": clock.due_on.isoformat(),
        "events": [
            {"kind": kind, "occurred_at": _moment(moment), "rule": rule, "note": note}
            for kind, moment, rule, note in clock.events
        ],
    }


def _affected(item: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "kind": item["kind"],
        "name": item["name"],
        "digest": item.get("digest", ""),
        "influence": list(item["influence"]),
        "certainty": item.get("certainty", "certain"),
        "path": [node["name"] for node in item["path"]],
    }


def _trace(trace: Mapping[str, Any], datasets_examined: int) -> dict[str, Any]:
    return {
        "snapshot_hash": trace["snapshot_hash"],
        "complete": bool(trace["complete"]),
        "reasons": list(trace["reasons"]),
        "records_found": len(trace["records"]),
        "datasets_examined": datasets_examined,
        "affected": [_affected(item) for item in trace["affected"]],
    }


def _plan(plan: PlanFacts | None) -> dict[str, Any] | None:
    if plan is None:
        return None
    return {
        "digest": plan.digest,
        "author": plan.author,
        "uncovered": [dict(item) for item in plan.uncovered],
    }


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


def _moment(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def _jsonable(value: Any) -> Any:  # noqa: ANN401 - walks any JSON-like value
    """Turn tuples, mappings and dates into JSON values."""
    if isinstance(value, Mapping):
        return {str(name): _jsonable(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_jsonable(inner) for inner in value]
    return value.isoformat() if isinstance(value, date) else value
