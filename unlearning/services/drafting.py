"""From a trace to a plan: gather what is recorded, let the pure planner decide, write it down."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import transaction

from governance.models import User
from lineage.graph import Impact
from lineage.models import Artifact
from unlearning import planning
from unlearning.errors import NothingToPlanError
from unlearning.jobs.inputs import canonical_digest, forget_set_digest
from unlearning.ledgering import note
from unlearning.models import Plan, PlanStep
from unlearning.recorded import planned_digest
from unlearning.selectors import plan_view
from unlearning.services.gathering import gather, without_rows
from unlearning.services.telling_apart import require_ids_of_nobody_else


@transaction.atomic
def draft_plan(*, case_id: UUID, impact: Impact, author: User) -> Plan:
    """Plan a step for every affected artifact that a method can treat.

    Args:
        case_id: The case that the plan answers.
        impact: What the trace found.
        author: The officer who answers for the plan.

    Raises:
        NothingToPlanError: The trace names no artifact.
        SharedRecordIdsError: The records cannot be told from those of somebody else by their ids.
    """
    if not impact.affected:
        raise NothingToPlanError
    require_ids_of_nobody_else(impact)
    rows = Artifact.objects.select_related("made_by").in_bulk([a.node.id for a in impact.affected])
    rowless = without_rows(impact)
    planned = planning.plan(gather(impact, rows, leave_out=rowless))
    uncovered = [(item.artifact, item.reason) for item in planned.uncovered]
    uncovered += sorted(rowless.items())
    plan = Plan(
        case_id=case_id,
        author=author,
        record_ids=sorted({record.record_id for record in impact.records}),
        snapshot_hash=impact.snapshot_hash,
        uncovered=[
            {"artifact_id": a, "artifact": rows[a].name, "reason": reason}
            for a, reason in uncovered
        ],
    )
    plan.digest = canonical_digest(_document(plan, planned.steps, rows))
    plan.save()
    _save_steps(plan, planned.steps)
    note(
        plan,
        "plan.drafted",
        {
            "plan": str(plan.pk),
            "digest": plan.digest,
            "steps": len(planned.steps),
            "planned": _as_read(plan),
        },
        actor=f"officer:{author.get_username()}",
    )
    return plan


def _document(
    plan: Plan, steps: Iterable[planning.PlannedStep], rows: dict[int, Artifact]
) -> dict[str, Any]:
    """The plan as its digest covers it: everything that an officer approves."""
    return {
        "case": str(plan.case_id),
        "forget_set": forget_set_digest(plan.record_ids),
        "snapshot_hash": plan.snapshot_hash,
        "uncovered": plan.uncovered,
        "steps": [
            {
                "ordinal": step.ordinal,
                "artifact": rows[step.artifact].identity,
                "artifact_digest": rows[step.artifact].digest,
                "method": step.method,
                "guarantee_class": step.guarantee_class,
                "cost_seconds": step.cost_seconds,
                "cost_basis": step.cost_basis,
                "reason": step.reason,
                "places": list(step.places),
                "depends_on": list(step.depends_on),
                "covers": [rows[covered].identity for covered in step.covers],
            }
            for step in steps
        ],
    }


def _as_read(plan: Plan) -> str:
    """Bind the plan as officers, and later readers of the report, see it."""
    view = plan_view(plan.pk)
    return planned_digest((vars(step) for step in view.steps), view.uncovered)


def _save_steps(plan: Plan, steps: Iterable[planning.PlannedStep]) -> None:
    saved: dict[int, PlanStep] = {}
    for step in steps:
        saved[step.ordinal] = PlanStep.objects.create(
            plan=plan,
            ordinal=step.ordinal,
            artifact_id=step.artifact,
            method=step.method,
            guarantee_class=step.guarantee_class,
            cost_seconds=step.cost_seconds,
            cost_basis=step.cost_basis[:300],
            reason=step.reason,
            places=list(step.places),
            alternatives=[{"method": a.method, "reason": a.reason} for a in step.alternatives],
        )
        saved[step.ordinal].depends_on.set([saved[other] for other in step.depends_on])
