"""The page of everything that was established about one request, with its figures."""

from dataclasses import dataclass
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from deletion_requests.errors import RequestNotFoundError
from deletion_requests.selectors import request_view
from governance.access import OfficerRequest, officers_only
from governance.acts import Act
from unlearning.payload_tables import PayloadTable, tables_of
from unlearning.selectors import EvidenceView, PlanView, StepView
from unlearning.verification import EVIDENCE_KINDS


@dataclass(frozen=True, kw_only=True)
class FindingView:
    """One finding with its data laid out."""

    item: EvidenceView
    #: What this kind of evidence establishes when it passed.
    meaning: str
    tables: tuple[PayloadTable, ...]


@dataclass(frozen=True, kw_only=True)
class FindingGroup:
    """The findings about one step, or about the plan as a whole."""

    #: None for the plan as a whole.
    step: StepView | None
    findings: tuple[FindingView, ...]


@require_GET
@officers_only(Act.READ_EVIDENCE)
def evidence_page(request: OfficerRequest, request_id: UUID) -> HttpResponse:
    """Show the evidence of a request, step by step."""
    try:
        view = request_view(request_id)
    except RequestNotFoundError as missing:
        raise Http404(missing.detail) from missing
    groups = _groups(view.plan) if view.plan else ()
    outcomes = [item.item.outcome for group in groups for item in group.findings]
    context = {
        "section": "queue",
        "view": view,
        "groups": groups,
        "counts": {key: outcomes.count(key) for key in ("passed", "failed", "inconclusive")},
    }
    return render(request, "deletion_requests/evidence.html", context)


def _groups(plan: PlanView) -> tuple[FindingGroup, ...]:
    """Every step with findings in the plan's order, then the plan as a whole."""
    groups = [
        *(FindingGroup(step=step, findings=_findings(step.evidence)) for step in plan.steps),
        FindingGroup(step=None, findings=_findings(plan.evidence)),
    ]
    return tuple(group for group in groups if group.findings)


def _findings(items: tuple[EvidenceView, ...]) -> tuple[FindingView, ...]:
    return tuple(
        FindingView(
            item=item,
            meaning=EVIDENCE_KINDS.get(item.kind, ""),
            tables=tables_of(item.payload),
        )
        for item in items
    )
