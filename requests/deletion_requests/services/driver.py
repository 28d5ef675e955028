"""Carries a request from state to state as far as it can go without a person."""

from collections.abc import Callable
from uuid import UUID

from django.db import transaction

from deletion_requests.errors import WrongTransitionError
from deletion_requests.lifecycle import Event, State, resumption
from deletion_requests.models import DeletionRequest
from deletion_requests.services.attempts import Undertaking, attempt
from deletion_requests.services.attention import ask_person
from deletion_requests.services.notices import open_notices
from deletion_requests.services.recipient_acts import await_recipients, settle_recipients
from deletion_requests.services.starting import start_work
from deletion_requests.services.tracing import impact_of, record_trace
from deletion_requests.services.transitions import SYSTEM, locked_request, move
from governance.models import Role, User
from governance.outbox import publish
from lineage.graph import Impact
from unlearning.errors import SharedRecordIdsError
from unlearning.jobs.findings import StepFinding
from unlearning.selectors import PlanStatus, attention_of, latest_plan_of
from unlearning.services import (
    dispatch_ready_steps,
    draft_plan,
    record_evidence,
    retry_plan,
)

_CARRYING_ON = Undertaking(
    failed_kind="request.attempt_failed", failure="The request could not be carried on"
)


def advance_request(*, request_id: UUID) -> str:
    """Take every step that needs no person; repeating this is harmless.

    Each step is a transaction of its own under the request's row lock, so a crash loses at most
    the step under way, and the sweeper calls again.

    Returns:
        The state in which the request rests.
    """
    while True:
        with transaction.atomic():
            request = locked_request(request_id)
            before = request.state
            act = _ACTS.get(State(before))
            if act is not None:
                act(request)
        if act is None or request.state == before:
            return request.state


def attempt_request(*, request_id: UUID) -> None:
    """Carry a request on, or count that it failed; after some attempts a person is asked.

    Raises:
        RequestNotFoundError: There is no such request.
        StaleState: Somebody else changed something first.
    """
    attempt(_CARRYING_ON, request_id, lambda found: advance_request(request_id=found))


@transaction.atomic
def resume_request(*, request_id: UUID, actor: str) -> DeletionRequest:
    """Send a request on that a person has looked at, from where it stopped.

    Its code is mailed again, or it is traced again, or its failed jobs are repeated. Whatever
    outcome an earlier trace had is forgotten with it.

    Raises:
        RequestNotFoundError: There is no such request.
        WrongTransitionError: The request does not wait for a person.
    """
    request = locked_request(request_id)
    plan = latest_plan_of(request.pk)
    check = getattr(request, "identity_check", None)
    event = resumption(
        identity_confirmed=check is not None and check.confirmed_at is not None,
        work_began=plan is not None and plan.started_at is not None,
    )
    outcome = "" if event is Event.TRACE_RESUMED else request.outcome
    move(request, event, actor=actor, outcome=outcome)
    if event is Event.STEPS_RESUMED and plan is not None:
        retry_plan(plan_id=plan.id, actor=actor)
    return request


def _trace(request: DeletionRequest) -> None:
    """Trace, record the answer, and decide in the same transaction what it means.

    The plan therefore rests on exactly the graph that the recorded trace describes.
    """
    impact = impact_of(request)
    record_trace(request, "initial", impact)
    words = "complete" if impact.complete else "incomplete: the gaps are listed"
    move(
        request,
        Event.TRACE_RECORDED,
        actor=SYSTEM,
        note=f"{len(impact.affected)} affected artifacts; the trace is {words}.",
    )
    if impact.records:
        _plan(request, impact)
    elif impact.affected:
        ask_person(
            request,
            "No record is held any more, but artifacts made while there was one may carry its "
            "influence; the report of the earlier request names them.",
        )
    else:
        _nothing_found(request, impact)


def _plan(request: DeletionRequest, impact: Impact) -> None:
    author = (
        User.objects.filter(is_active=True, roles__contains=[Role.PRIVACY_OFFICER])
        .order_by("pk")
        .first()
    )
    if author is None:
        ask_person(
            request, "No active privacy officer can answer for a plan; create one and resume."
        )
        return
    try:
        plan = draft_plan(case_id=request.pk, impact=impact, author=author)
    except SharedRecordIdsError as error:
        ask_person(request, error.detail)
        return
    move(
        request,
        Event.PLAN_DRAFTED,
        actor=f"officer:{author.get_username()}",
        note=f"Plan {plan.digest[:12]} waits for two approvals.",
    )


def _nothing_found(request: DeletionRequest, impact: Impact) -> None:
    if not impact.complete:
        reasons = " ".join(impact.reasons)
        ask_person(request, f"No record was found, but the trace is incomplete. {reasons}")
        return
    record_trace(request, "closing", impact)
    move(request, Event.NOTHING_FOUND, actor=SYSTEM, outcome="no_match")
    publish("request.ready_for_report", request_id=str(request.pk))


def _follow_plan(request: DeletionRequest) -> None:
    plan = latest_plan_of(request.pk)
    if plan is None:
        raise WrongTransitionError("A running request has no plan.")
    dispatch_ready_steps(plan_id=plan.id)
    open_notices(request, plan)
    if plan.status is PlanStatus.STUCK:
        ask_person(request, attention_of(plan.id))
    elif request.state == State.EXECUTING and plan.status in _STEPS_ARE_DONE:
        move(request, Event.STEPS_FINISHED, actor=SYSTEM)
    elif request.state == State.VERIFYING and plan.status is PlanStatus.SETTLED:
        _close_trace(request, plan.id)
        settle_recipients(request, plan)


def _follow_recipients(request: DeletionRequest) -> None:
    plan = latest_plan_of(request.pk)
    if plan is None:
        raise WrongTransitionError("A request that waits for recipients has no plan.")
    await_recipients(request, plan)


def _close_trace(request: DeletionRequest, plan_id: UUID) -> None:
    """Trace again after the work: what is still affected stands in the report."""
    impact = impact_of(request)
    names = [item.node.name for item in impact.affected]
    left = (
        f"{len(names)} artifacts are still affected: {', '.join(names)}" if names else "none left"
    )
    repeated = record_evidence(
        plan_id=plan_id,
        finding=StepFinding(
            step_id=None,
            kind="trace_repeated",
            outcome="passed" if impact.complete else "inconclusive",
            summary=f"The trace was run again after the work; {left}."[:500],
            payload={
                "snapshot_hash": impact.snapshot_hash,
                "complete": impact.complete,
                "affected": names,
            },
        ),
    )
    record_trace(request, "closing", impact, evidence=(repeated,))


_STEPS_ARE_DONE = (PlanStatus.VERIFYING, PlanStatus.SETTLED)

#: What the machine does by itself in each state; every other state waits for somebody.
_ACTS: dict[State, Callable[[DeletionRequest], None]] = {
    State.VERIFIED: _trace,
    State.APPROVED: start_work,
    State.EXECUTING: _follow_plan,
    State.VERIFYING: _follow_plan,
    State.PARTLY_DONE: _follow_recipients,
}

#: The states in which the machine may find something to do.
ADVANCING_STATES = frozenset(_ACTS)
