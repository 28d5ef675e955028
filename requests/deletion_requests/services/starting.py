"""Lets the work on an approved plan begin, on the world that the officers approved it for."""

from deletion_requests.errors import WrongTransitionError
from deletion_requests.lifecycle import Event
from deletion_requests.models import DeletionRequest, RecordedTrace
from deletion_requests.services.tracing import impact_of
from deletion_requests.services.transitions import SYSTEM, move
from lineage.graph import Impact
from unlearning.selectors import PlanView, latest_plan_of, places_have_changed, work_under_way_on
from unlearning.services import start_plan


def start_work(request: DeletionRequest) -> None:
    """Start the steps, wait for another request, or send the request back to be planned anew.

    Two plans at work on one artifact would each replace the version that the other one treats.
    """
    plan = latest_plan_of(request.pk)
    if plan is None:
        raise WrongTransitionError("An approved request has no plan.")
    # The trace takes the lock of the graph's writers and keeps it to the end of the transaction:
    # guarantees that of two requests that start at once the second one sees the first one's plan.
    impact = impact_of(request)
    if work_under_way_on({step.artifact_id for step in plan.steps}, besides=plan.id):
        return
    if _differs(request, plan, impact):
        move(
            request,
            Event.PLAN_OUTDATED,
            actor=SYSTEM,
            note="What is affected has changed since the plan was approved; it is drawn up anew.",
        )
        return
    move(request, Event.STEPS_STARTED, actor=SYSTEM)
    start_plan(plan_id=plan.id)


def _differs(request: DeletionRequest, plan: PlanView, impact: Impact) -> bool:
    """Whether records, affected artifacts or their places are other ones than in the plan."""
    planned = RecordedTrace.objects.get(request=request, purpose="initial").impact
    artifacts = {item["artifact_id"] for item in planned["affected"]}
    records = {item["record_id"] for item in planned["records"]}
    return (
        artifacts != {item.node.id for item in impact.affected}
        or records != {record.record_id for record in impact.records}
        or places_have_changed(plan)
    )
