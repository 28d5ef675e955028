"""From a trace to a plan: gather what is recorded, let the pure planner decide, write it down."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import transaction

from governance.models import User
from lineage.graph import ArtifactKind, Impact
from lineage.models import Artifact
from lineage.selectors import Training, training_of
from unlearning import planning
from unlearning.errors import NothingToPlanError
from unlearning.jobs.inputs import canonical_digest, forget_set_digest
from unlearning.ledgering import note
from unlearning.models import Plan, PlanStep

_NO_ROWS = "every row of it was read and none belongs to the data subject"


@transaction.atomic
def draft_plan(*, case_id: UUID, impact: Impact, author: User) -> Plan:
    """Plan a step for every affected artifact that a method can treat.

    Args:
        case_id: The case that the plan answers.
        impact: What the trace found.
        author: The officer who answers for the plan.

    Raises:
        NothingToPlanError: The trace names no artifact.
    """
    if not impact.affected:
        raise NothingToPlanError
    rows = Artifact.objects.select_related("made_by").in_bulk([a.node.id for a in impact.affected])
    held = {record.dataset_version for record in impact.records}
    without_rows = {
        item.node.id
        for item in impact.affected
        if item.node.kind is ArtifactKind.DATASET_VERSION and item.node.id not in held
    }
    planned = planning.plan(_planning_input(impact, rows, without_rows))
    uncovered = [(item.artifact, item.reason) for item in planned.uncovered]
    uncovered += [(artifact, _NO_ROWS) for artifact in sorted(without_rows)]
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
        {"plan": str(plan.pk), "digest": plan.digest, "steps": len(planned.steps)},
        actor=f"officer:{author.get_username()}",
    )
    return plan


def _planning_input(
    impact: Impact, rows: dict[int, Artifact], without_rows: set[int]
) -> planning.PlanningInput:
    versions: dict[int, set[int]] = {}
    for record in impact.records:
        versions.setdefault(record.segment, set()).add(record.dataset_version)
    artifacts = []
    for item in impact.affected:
        if item.node.id in without_rows:
            continue
        row = rows[item.node.id]
        training = training_of(row.pk)
        tags = row.made_by.tags if row.made_by else {}
        artifacts.append(
            planning.PlanningArtifact(
                id=row.pk,
                kind=item.node.kind,
                name=row.name,
                influence=item.influence,
                rank=item.rank,
                training=_summary(training),
                base_models=training.base_models if training else (),
                dataset_versions=tuple(sorted(versions.get(row.pk, ()))),
                tags={**tags, **row.attributes.get("tags", {})},
            )
        )
    return planning.PlanningInput(artifacts=tuple(artifacts))


def _summary(training: Training | None) -> planning.TrainingSummary | None:
    if training is None:
        return None
    return planning.TrainingSummary(
        recipe=training.recipe,
        seconds=training.seconds,
        n_shards=_count(training.params.get("n_shards")),
        n_slices=_count(training.params.get("n_slices")),
    )


def _count(text: str | None) -> int:
    """Read a recorded number of shards or slices; 1 where none was recorded."""
    return int(text) if text and text.isdigit() else 1


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
                "depends_on": list(step.depends_on),
                "covers": [rows[covered].identity for covered in step.covers],
            }
            for step in steps
        ],
    }


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
            reason=step.reason[:500],
            alternatives=[{"method": a.method, "reason": a.reason} for a in step.alternatives],
        )
        saved[step.ordinal].depends_on.set([saved[other] for other in step.depends_on])
