"""Promotion: verified versions go live, products are asked, what they replace is destroyed.

Every act can be repeated: moving an alias that has moved, reloading, lifting a rule that is gone,
deleting files that are deleted.
"""

from lineage.graph import ArtifactKind
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

#: Checks whose failure means that a new version is too weak, still holds the records, or is not
#: what it says.
_HOLD_BACK = (
    "utility_floor",
    "manifest_excludes",
    "replay_equal",
    "ancestor_clean",
    "vectors_absent",
    "source_rows_absent",
    "synthetic_regenerated",
    "artifact_destroyed",
    "outputs_suppressed",
)


def promote_plan(job: Job, lease: Lease) -> list[StepFinding]:
    """Put the new versions of a verified plan into production, and destroy what they replace.

    Nothing goes live before every check has passed, so a product only ever loads versions that did.

    Args:
        job: The promotion. Its input names, where there is one, who decided that versions which
            failed a check may serve all the same.
        lease: The right to do so.

    Returns:
        One finding for each product that serves them, one for each suppression that stays, one for
        each replaced version, and one for a decision to let versions serve that failed a check.

    Raises:
        PromotionRefusedError: A new version failed a check; nothing was changed.
        ProductError: A product does not do what it was asked.
        LeaseLostError: Somebody else holds the job now.
    """
    steps = list(job.plan.steps.select_related("artifact", "plan").order_by("ordinal"))
    accepted = _decision(job.plan, job.input.get("accepted_by", ""))
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


def _decision(plan: Plan, accepted_by: str) -> list[StepFinding]:
    """Refuse versions that failed a check, unless a person has decided that they may serve.

    Raises:
        PromotionRefusedError: A check failed and nobody has decided.
    """
    failed = plan.evidence.filter(kind__in=_HOLD_BACK, outcome="failed").select_related(
        "step__artifact"
    )
    checks = sorted(
        f"{row.kind.replace('_', ' ')} of {row.step.artifact.name}"
        for row in failed
        if row.step is not None
    )
    if not checks:
        return []
    if not accepted_by:
        raise PromotionRefusedError(
            f"These checks failed: {', '.join(checks)}; a person decides whether the new versions "
            "may serve."
        )
    return [
        StepFinding(
            step_id=None,
            kind="failure_accepted",
            outcome="passed",
            summary=f"{accepted_by} decided that the new versions may serve although these checks "
            f"failed: {', '.join(checks)}."[:500],
            payload={"accepted_by": accepted_by, "failed": checks},
        )
    ]


def _was_in_production(step: PlanStep) -> bool:
    """Whether the alias is on the version that the step replaced."""
    old = {str(v["version"]) for v in step.artifact.attributes.get("versions", [])}
    return registry.production_version(step.outcome["registered_name"]) in old
