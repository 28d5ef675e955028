"""The input of a report as plain values: gathered once, then never looked up again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from reports.claims import Action


@dataclass(frozen=True, kw_only=True)
class ClockFacts:
    """The statutory clock and what moved it."""

    #: Legal source, e.g. ``GDPR Art. 12(3)``.
    source: str
    rule: str
    received_at: datetime
    due_on: date
    #: IANA zone and public holidays that days are counted by.
    zone: str
    calendar: str
    #: ``(kind, moment, basis, rule, note)`` in order.
    events: tuple[tuple[str, datetime, str, str, str], ...]


@dataclass(frozen=True, kw_only=True)
class RequestFacts:
    """The request, without any word that names the data subject."""

    id: str
    reference: str
    regime: str
    regime_name: str
    request_type: str
    clock: ClockFacts
    #: How identity was confirmed; never a document.
    identity_method: str
    identity_confirmed_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class StepFacts:
    """One step of the plan as it was approved and carried out."""

    ordinal: int
    artifact_kind: str
    artifact_name: str
    method: str
    method_name: str
    guarantee_class: str
    cost_seconds: float | None
    cost_basis: str
    reason: str
    alternatives: tuple[Mapping[str, str], ...]
    depends_on: tuple[int, ...]
    state: str


@dataclass(frozen=True, kw_only=True)
class PlanFacts:
    """The plan that the officers approved."""

    digest: str
    author: str
    steps: tuple[StepFacts, ...]
    uncovered: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, kw_only=True)
class ApprovalFacts:
    """One officer's yes."""

    officer: str
    roles: tuple[str, ...]
    approved_at: datetime
    is_author: bool


@dataclass(frozen=True, kw_only=True)
class FindingFacts:
    """One finding with its data; ``artifact`` is empty where it is about the whole plan."""

    artifact: str
    kind: str
    outcome: str
    summary: str
    payload: Mapping[str, Any]
    #: SHA-256 of the canonical payload, in hex.
    digest: str


@dataclass(frozen=True, kw_only=True)
class LedgerFacts:
    """The ledger's head when the report was written."""

    origin: str
    size: int
    #: Hex.
    root: str


@dataclass(frozen=True, kw_only=True)
class ReportFacts:
    """Everything a report is built from."""

    report_id: str
    created_at: datetime
    organisation: str
    #: SHA-256 of the signing key's public part.
    signer: str
    request: RequestFacts
    #: ``lineage.selectors.impact_document`` when planned, and again after the work.
    trace: Mapping[str, Any]
    closing_trace: Mapping[str, Any] | None
    plan: PlanFacts | None
    approvals: tuple[ApprovalFacts, ...]
    actions: tuple[Action, ...]
    findings: tuple[FindingFacts, ...]
    ledger: LedgerFacts
