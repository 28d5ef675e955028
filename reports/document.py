"""Builds the one document object that every rendering of a report is made from."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from lineage.stated import stated_trace
from reports.claims import Action, EvidenceItem
from reports.facts import ApprovalFacts, ClockFacts, PlanFacts, ReportFacts, RequestFacts
from reports.rules import RULES
from reports.sections import derived_sections, jsonable

#: Names the shape of the document and, with it, every fixed text and rule that sections are derived
#: by: whoever changes one of those gives this another number, or earlier exports read as broken.
SCHEMA = "vestige-report/2"


def build_document(facts: ReportFacts) -> dict[str, Any]:
    """Build the report.

    Args:
        facts: Everything the report may state.

    Returns:
        JSON values only; canonical JSON and HTML are rendered from this and nothing else.
    """
    trace = stated_trace(facts.trace)
    closing = stated_trace(facts.closing_trace) if facts.closing_trace else None
    return {
        "schema": SCHEMA,
        "report": {
            "id": facts.report_id,
            "created_at": moment_text(facts.created_at),
            "organisation": facts.organisation,
            "signer": facts.signer,
        },
        "request": _request(facts.request),
        "trace": trace,
        "closing_trace": closing,
        "plan": _plan(facts.plan),
        "plan_steps": [jsonable(asdict(step)) for step in facts.plan.steps] if facts.plan else [],
        "approvals": [_approval(item) for item in facts.approvals],
        "actions": [action_to_json(action) for action in facts.actions],
        "ledger": asdict(facts.ledger),
        **derived_sections(
            actions=facts.actions, findings=facts.findings, trace=trace, closing_trace=closing
        ),
    }


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


def action_to_json(action: Action) -> dict[str, Any]:
    """Give the action as JSON values, with the kind of operation that its method is."""
    rule = RULES.get(action.method)
    operation = rule.operation if rule else "no operation"
    fields = asdict(action)
    if not action.undecided_duplicates:
        # Earlier exports have no such field, and read the same.
        del fields["undecided_duplicates"]
    return {
        **fields,
        "found_again": list(action.found_again),
        "inherits": list(action.inherits),
        "evidence": [asdict(item) for item in action.evidence],
        "operation": operation,
    }


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
            "confirmed_at": moment_text(confirmed) if confirmed else None,
        },
        "clock": _clock(request.clock),
    }


def _clock(clock: ClockFacts) -> dict[str, Any]:
    return {
        "source": clock.source,
        "rule": clock.rule,
        "received_at": moment_text(clock.received_at),
        "due_on": clock.due_on.isoformat(),
        "zone": clock.zone,
        "calendar": clock.calendar,
        "events": [
            {
                "kind": kind,
                "occurred_at": moment_text(moment),
                "basis": basis,
                "rule": rule,
                "note": note,
            }
            for kind, moment, basis, rule, note in clock.events
        ],
    }


def _plan(plan: PlanFacts | None) -> dict[str, Any] | None:
    if plan is None:
        return None
    return {
        "digest": plan.digest,
        "author": plan.author,
        "uncovered": [dict(item) for item in plan.uncovered],
    }


def _approval(approval: ApprovalFacts) -> dict[str, Any]:
    return {**jsonable(asdict(approval)), "approved_at": moment_text(approval.approved_at)}


def moment_text(moment: datetime) -> str:
    """Write a moment as the report does: to the second, with its offset."""
    return moment.isoformat(timespec="seconds")
