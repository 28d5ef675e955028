"""Requests at every stage in the example company, for looking at whole pages."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from deletion_requests.models import DeletionRequest
from deletion_requests.services import acknowledge_by_link, advance_request
from governance.ledger.services import append_entry
from governance.models import Role, User
from lineage.models import Artifact
from lineage.selectors import impact_document, trace
from reports.models import Report
from tests.deletion_requests.recipients import LAKESIDE, case_with, deliver, settle, token_in
from tests.factories import (
    DeletionRequestFactory,
    EvidenceFactory,
    JobFactory,
    OfficerFactory,
    PlanFactory,
    PlanStepFactory,
    RecordedTraceFactory,
    signed_report,
)
from tests.pages.company import COMPANY, METHOD_OF, SUBJECT, lineage
from tests.pages.duplicates import with_a_duplicate
from unlearning.methods import METHODS
from unlearning.models import JobState, Plan, PlanStep, StepState


@dataclass(frozen=True, kw_only=True)
class House:
    """Where to find the rows of the example."""

    officer: User
    approver: User
    #: Requests by their state, and ``report`` for the one with a signed report.
    requests: Mapping[str, DeletionRequest]
    #: Requests in the states that they pass through by themselves or end in.
    passing: Mapping[str, DeletionRequest]
    artifacts: Mapping[str, Artifact]
    report: Report
    #: The secret part of the link that a recipient was sent.
    token: str
    #: The same of a link whose recipient has answered.
    used_token: str


def furnished() -> House:
    """Fill the database with the company and with requests at every stage."""
    officer = OfficerFactory.create(username="ann", roles=[Role.PRIVACY_OFFICER])
    approver = OfficerFactory.create(username="ben", roles=[Role.APPROVER])
    artifacts = lineage()
    requests = {
        "received": DeletionRequestFactory.create(identity=None),
        "planned": _planned(officer, state="planned"),
        "executing": _planned(officer, state="executing"),
        "needs_human": _planned(officer, state="needs_human"),
        "late": DeletionRequestFactory.create(
            state="identity_pending", received_at=datetime.now(UTC) - timedelta(days=40)
        ),
    }
    for request in requests.values():
        _tell(request)
    requests["partly_done"] = waiting_for_recipients()
    requests["duplicate"] = with_a_duplicate(officer)
    _carry_out(requests["executing"], running=4)
    _carry_out(requests["needs_human"], running=6, stuck=True)
    DeletionRequest.objects.filter(pk=requests["needs_human"].pk).update(
        attention="Step 7 (Retrain from a clean ancestor, income-student v1) did not succeed "
        "after 3 attempts: MemoryError: the worker was stopped at 4096 MiB."
    )
    token = token_in()
    report = signed_report()
    DeletionRequest.objects.filter(pk=report.request_id).update(report_id=report.pk)
    return House(
        officer=officer,
        approver=approver,
        requests=requests,
        passing=passing(officer),
        artifacts=artifacts,
        report=report,
        token=token,
        used_token=answered_link(),
    )


#: How much of the story was told when a request came into these states.
_CHAPTERS = {"verified": 3, "reporting": 4, "denied": 3, "expired": 2, "code-not-mailed": 1}


def passing(officer: User) -> dict[str, DeletionRequest]:
    """A request in each state that asks nothing of a person, and one that was never confirmed."""
    requests: dict[str, DeletionRequest] = {
        "verified": DeletionRequestFactory.create(state="verified"),
        "approved": _planned(officer, state="approved"),
        "verifying": _planned(officer, state="verifying"),
        "reporting": DeletionRequestFactory.create(state="reporting", outcome="no_match"),
        "denied": DeletionRequestFactory.create(state="denied", outcome="denied"),
        "withdrawn": DeletionRequestFactory.create(state="withdrawn", outcome="withdrawn"),
        "expired": DeletionRequestFactory.create(
            state="expired", outcome="identity_not_confirmed", identity=None
        ),
        "code-not-mailed": DeletionRequestFactory.create(
            state="needs_human",
            identity=None,
            attention="The one-time code could not be mailed in 3 attempts: the mail server cannot "
            "be used (Connection refused). Put this right, then resume.",
        ),
    }
    for state, request in requests.items():
        _tell(request, chapters=_CHAPTERS.get(state, 5))
    plan = Plan.objects.get(case_id=requests["verifying"].pk)
    Plan.objects.filter(pk=plan.pk).update(started_at=datetime.now(UTC))
    plan.steps.update(state=StepState.DONE)
    return requests


def answered_link() -> str:
    """The secret part of a link whose recipient has acknowledged."""
    case = case_with(LAKESIDE)
    advance_request(request_id=case.request.pk)
    deliver()
    token = token_in()
    acknowledge_by_link(token=token)
    return token


def waiting_for_recipients() -> DeletionRequest:
    """A request whose own work is done; of its two recipients one has no address."""
    case = case_with("", LAKESIDE)
    advance_request(request_id=case.request.pk)
    deliver()
    settle(case)
    advance_request(request_id=case.request.pk)
    deliver()
    case.request.refresh_from_db()
    assert case.request.state == "partly_done"
    return case.request


def _planned(author: User, *, state: str) -> DeletionRequest:
    request: DeletionRequest = DeletionRequestFactory.create(state=state)
    document = impact_document(trace(SUBJECT))
    RecordedTraceFactory.create(
        request=request, impact=document, snapshot_hash=document["snapshot_hash"]
    )
    plan = PlanFactory.create(case_id=request.pk, author=author)
    rows = {row.name: row for row in Artifact.objects.all()}
    treated = [(name, method) for name, _, _, method in COMPANY if method]
    for ordinal, (name, method) in enumerate(treated[::-1], 1):
        key = METHOD_OF.get(method, method)
        if key not in METHODS:
            continue
        PlanStepFactory.create(
            plan=plan,
            ordinal=ordinal,
            artifact=rows[name],
            method=key,
            guarantee_class=METHODS[key].guarantee_class,
            alternatives=[
                {"method": "output_suppression", "reason": "It would leave the weights as they are"}
            ],
        )
    return request


def _carry_out(request: DeletionRequest, *, running: int, stuck: bool = False) -> None:
    """Let the first steps of a plan be done, the next ones run or fail, the rest wait."""
    now = datetime.now(UTC)
    plan = Plan.objects.get(case_id=request.pk)
    Plan.objects.filter(pk=plan.pk).update(started_at=now - timedelta(minutes=9))
    for position, step in enumerate(plan.steps.all()):
        if position < running:
            _done(step, now)
        elif position < running + 2:
            _under_way(step, now, stuck=stuck and position == running)
    EvidenceFactory.create(
        plan=plan,
        step=None,
        kind="trace_repeated",
        summary="The trace found nothing new while the work was under way.",
        payload={"snapshot": "5" * 64, "new": []},
    )


def _done(step: PlanStep, now: datetime) -> None:
    PlanStep.objects.filter(pk=step.pk).update(state=StepState.DONE)
    JobFactory.create(
        step=step,
        state=JobState.SUCCEEDED,
        attempts=1,
        token=1,
        worker="worker-1:4711",
        progress=1.0,
        started_at=now - timedelta(minutes=8),
        ended_at=now - timedelta(minutes=7, seconds=18),
    )
    for kind, outcome, payload in FINDINGS:
        EvidenceFactory.create(step=step, kind=kind, outcome=outcome, payload=payload)


def _under_way(step: PlanStep, now: datetime, *, stuck: bool) -> None:
    state = StepState.FAILED if stuck else StepState.RUNNING
    PlanStep.objects.filter(pk=step.pk).update(state=state)
    job = JobFactory.create(
        step=step,
        state=JobState.NEEDS_HUMAN if stuck else JobState.RUNNING,
        attempts=3 if stuck else 1,
        token=3 if stuck else 1,
        worker="worker-2:4712",
        progress=0.62,
        message="" if stuck else "epoch 8 of 12",
        started_at=now - timedelta(minutes=2),
        ended_at=now - timedelta(minutes=1) if stuck else None,
        error=_TRACEBACK if stuck else "",
    )
    for attempt in (1, 2, 3) if stuck else ():
        append_entry(
            kind="job.failed",
            actor="system",
            reference=f"request:{step.plan.case_id}",
            payload={
                "job": str(job.pk),
                "attempt": attempt,
                "final": attempt == 3,
                "note": "MemoryError: the worker was stopped at 4096 MiB.",
            },
        )


def _tell(request: DeletionRequest, *, chapters: int = 5) -> None:
    """Write the first chapters of a story into the ledger."""
    told = (
        ("request.received", "client:portal", "Under GDPR (European Union)."),
        ("request.code_sent", "system", ""),
        ("request.identity_confirmed", "client:portal", ""),
        ("trace.initial", "system", "26 affected artifacts; the trace is complete."),
        ("plan.drafted", "officer:ann", "20 steps."),
    )
    for kind, actor, note in told[:chapters]:
        append_entry(
            kind=kind, actor=actor, reference=f"request:{request.pk}", payload={"note": note}
        )


#: (kind, outcome, data) as the verification of a step leaves them.
FINDINGS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("run_recorded", "passed", {"recipe": "examples.company.recipes:monolithic", "seed": 7}),
    (
        "utility_floor",
        "passed",
        {
            "allowed_fall": 0.02,
            "retained": {
                "before": {"accuracy": 0.8512, "loss": 0.3211, "rows": 36058},
                "after": {"accuracy": 0.8497, "loss": 0.3234, "rows": 36058},
                "reference": {"accuracy": 0.8501, "loss": 0.3229, "rows": 36058},
            },
            "held_out": None,
        },
    ),
    (
        "membership_inference",
        "inconclusive",
        {
            "forgotten": 10,
            "attack": "loss threshold",
            "before": {"auc": 0.584, "low": 0.41, "high": 0.75},
            "after": {"auc": 0.512, "low": 0.33, "high": 0.69},
        },
    ),
    (
        "artifact_destroyed",
        "passed",
        {
            "receipts": [
                {
                    "location": "file:///srv/example/digits-cnn-epoch-2",
                    "files": 3,
                    "bytes": 812_331,
                    "digest": "sha256:" + "b2" * 32,
                    "absent": True,
                }
            ]
        },
    ),
)

_TRACEBACK = """Traceback (most recent call last):
  File "unlearning/runner.py", line 120, in main
    result = method.apply(job)
  File "unlearning/methods/retrain_from_clean_ancestor.py", line 64, in apply
    model = recipe.train(data, params=params, seed=seed, report=report)
MemoryError: the worker was stopped at 4096 MiB."""
