"""Promotion: verified versions go live, products are asked, what they replace is destroyed.

Every act can be repeated: moving an alias that has moved, reloading, lifting a rule that is gone,
deleting files that are deleted.
"""

from collections.abc import Sequence

from lineage.graph import ArtifactKind
from lineage.selectors import made_from
from lineage.services import capture_mlflow, record_observations
from unlearning import registry
from unlearning.errors import PromotionRefusedError
from unlearning.jobs.findings import StepFinding
from unlearning.jobs.lease import Lease
from unlearning.jobs.retirement import retire_replaced_versions
from unlearning.jobs.succession import lineage_of_new_versions
from unlearning.jobs.suppression import lift
from unlearning.jobs.switching import switch
from unlearning.models import Job, Plan, PlanStep
from unlearning.verification.gate import CheckedStep, Verdict, open_checks


def promote_plan(job: Job, lease: Lease) -> list[StepFinding]:
    """Put the new versions of a verified plan into production, and destroy what they replace.

    Nothing goes live before every check that its method needs has passed, or a person has decided
    otherwise: one that is inconclusive or missing counts as not passed.

    Args:
        job: The promotion. Its input names, where there is one, who decided that versions with a
            check that did not pass may serve all the same.
        lease: The right to do so.

    Returns:
        One finding for each product that serves them, one for each suppression that stays, one for
        each replaced version, and one for a decision to let versions serve all the same.

    Raises:
        PromotionRefusedError: A check did not pass; nothing was changed.
        ProductError: A product does not do what it was asked.
        LeaseLostError: Somebody else holds the job now.
    """
    steps = list(job.plan.steps.select_related("artifact", "plan").order_by("ordinal"))
    accepted = _decision(job.plan, steps, job.input.get("accepted_by", ""))
    record_observations(lineage_of_new_versions(steps))
    for step in steps:
        name, version = step.outcome.get("registered_name"), step.outcome.get("version")
        if name and version and _was_in_production(step):
            lease.check()
            registry.promote(registered_name=name, version=version)
    lease.renew(progress=0.3, message="new versions in production")
    capture_mlflow()
    products = [step for step in steps if step.artifact.kind == ArtifactKind.PRODUCT]
    findings = []
    for step in products:
        lease.check()
        findings.append(switch(step, steps))
    for step in products:
        lease.check()
        if step.outcome.get("rule_id"):
            findings += lift(step)
    lease.renew(progress=0.6, message="products serve the new versions")
    return [*accepted, *findings, *retire_replaced_versions(job, steps, lease)]


def _decision(plan: Plan, steps: Sequence[PlanStep], accepted_by: str) -> list[StepFinding]:
    """Refuse versions with a check that did not pass, unless a person has let them serve.

    Raises:
        PromotionRefusedError: A check did not pass and nobody has decided.
    """
    checks = _open_checks(plan, steps)
    if not checks:
        return []
    if not accepted_by:
        raise PromotionRefusedError(
            "A person decides whether the new versions may serve, because these checks did not "
            f"pass: {'; '.join(checks)}."
        )
    return [
        StepFinding(
            step_id=None,
            kind="failure_accepted",
            outcome="passed",
            summary=f"{accepted_by} decided that the new versions may serve although these checks "
            f"did not pass: {'; '.join(checks)}."[:500],
            payload={"accepted_by": accepted_by, "not_passed": list(checks)},
        )
    ]


def _open_checks(plan: Plan, steps: Sequence[PlanStep]) -> tuple[str, ...]:
    """Ask the gate of verification, with everything that was found."""
    verdicts: dict[int | None, dict[str, Verdict]] = {}
    for row in plan.evidence.all():
        verdict = Verdict(outcome=row.outcome, summary=row.summary)
        verdicts.setdefault(row.step_id, {})[row.kind] = verdict
    affected = {step.artifact_id for step in steps}
    affected |= {item["artifact_id"] for item in plan.uncovered}
    checked = [
        CheckedStep(
            artifact=step.artifact.name,
            method=step.method,
            inherits=not affected.isdisjoint(made_from(step.artifact_id)),
            verdicts=verdicts.get(step.pk, {}),
        )
        for step in steps
    ]
    return open_checks(checked, verdicts.get(None, {}))


def _was_in_production(step: PlanStep) -> bool:
    """Whether the alias is on the version that the step replaced."""
    old = {str(v["version"]) for v in step.artifact.attributes.get("versions", [])}
    return registry.production_version(step.outcome["registered_name"]) in old
