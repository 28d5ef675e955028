"""What this app writes into the ledger and tells the floor above."""

from collections.abc import Iterable, Mapping

from governance.ledger.services import append_entry
from governance.outbox import publish
from unlearning.models import Evidence, Job, Plan, PlanStep
from unlearning.recorded import recorded_finding

SYSTEM = "system"


def note(plan: Plan, kind: str, payload: Mapping[str, object], *, actor: str = SYSTEM) -> None:
    """Append an entry about the case of a plan; inside the caller's transaction.

    Args:
        plan: The plan; its case is what the entry is about.
        kind: What happened, e.g. ``step.done``.
        payload: JSON values; ``note`` is the sentence that a timeline shows.
        actor: Who did it.
    """
    append_entry(kind=kind, actor=actor, reference=f"request:{plan.case_id}", payload=payload)


def as_recorded(findings: Iterable[Evidence]) -> dict[str, dict[str, str]]:
    """Say what a ledger entry holds of findings, by step and kind; a later entry replaces it."""
    return {
        binding_key(row): recorded_finding(
            artifact=row.step.artifact.name if row.step else "",
            kind=row.kind,
            outcome=row.outcome,
            summary=row.summary,
            digest=row.digest,
        )
        for row in findings
    }


def binding_key(row: Evidence) -> str:
    """Name a finding in its case: evidence is kept once a step and kind."""
    return f"{row.step_id or 'plan'}:{row.kind}"


def plan_changed(plan: Plan) -> None:
    """Tell whoever follows the case that its plan has moved; inside the caller's transaction."""
    publish("unlearning.plan_changed", plan_id=str(plan.pk), case_id=str(plan.case_id))


def job_ready(job: Job) -> None:
    """Let a worker pick the job up; inside the caller's transaction."""
    publish("unlearning.job_ready", job_id=str(job.pk))


def recipient_notice_due(step: PlanStep) -> None:
    """Let the floor above write to a recipient; inside the caller's transaction."""
    publish("unlearning.recipient_notice_due", plan_id=str(step.plan_id), step_id=step.pk)
