"""Output suppression at a product: set, probed by calling the product, lifted."""

import secrets
from typing import Any

from lineage.graph import Relation
from lineage.models import Derivation
from unlearning import product
from unlearning.jobs.findings import StepFinding
from unlearning.jobs.lease import Lease
from unlearning.models import PlanStep

#: Status with which a product refuses for legal reasons (RFC 7725).
_UNAVAILABLE = 451


def suppress(step: PlanStep, details: dict[str, Any], lease: Lease) -> dict[str, Any]:
    """Put the rule of a step in force.

    Raises:
        LeaseLostError: Somebody else holds the job now.
        ProductError: The product does not do it.
    """
    endpoint = step.artifact.location
    served = product.health(endpoint)
    lease.check()
    product.suppress(endpoint, rule_id=rule_id(step), rule=details["rule"])
    return {
        "rule_id": rule_id(step),
        "rule_digest": details["rule_digest"],
        "served_before": served.digest,
        "index_before": served.index_digest,
    }


def probe(step: PlanStep) -> StepFinding:
    """Ask the product about each record, as its users do, and about one that nobody suppressed.

    A product that refuses everybody shows nothing about the rule.
    """
    endpoint, record_ids = step.artifact.location, step.plan.record_ids
    statuses = [
        product.predict(endpoint, {"record_id": record_id}).status for record_id in record_ids
    ]
    refused = statuses.count(_UNAVAILABLE)
    control = {"record_id": f"vestige-control-{secrets.token_hex(8)}"}
    control_refused = product.predict(endpoint, control).status == _UNAVAILABLE
    passed = bool(statuses) and refused == len(statuses) and not control_refused
    also = " It refused a made-up record too, which shows nothing." if control_refused else ""
    return StepFinding(
        step_id=step.pk,
        kind="outputs_suppressed",
        outcome="passed" if passed else "failed",
        summary=f"{step.artifact.name} refused {refused} of {len(statuses)} probes.{also}",
        payload={
            "endpoint": endpoint,
            "rule_digest": step.outcome.get("rule_digest", ""),
            "probes": len(statuses),
            "refused": refused,
            "control_refused": control_refused,
        },
    )


def lift(step: PlanStep) -> list[StepFinding]:
    """Take the rule of a step out of force, unless the product still serves what nobody treated.

    Returns:
        A finding where the rule stays in force; nothing where it was lifted.

    Raises:
        ProductError: The product does not do it.
    """
    if untreated := serves_untreated(step):
        return [
            StepFinding(
                step_id=step.pk,
                kind="suppression_kept",
                outcome="passed",
                summary=f"{step.artifact.name} still serves {', '.join(untreated)}, which no step "
                "treated; the suppression stays in force."[:500],
                payload={"untreated": untreated},
            )
        ]
    product.lift_suppression(step.artifact.location, rule_id=rule_id(step))
    return []


def serves_untreated(step: PlanStep) -> list[str]:
    """Name the affected artifacts that a product uses and that the plan leaves as they are."""
    served = Derivation.objects.filter(
        downstream=step.artifact,
        relation__in=(Relation.DEPLOYED_AS, Relation.RETRIEVES_FROM),
        ended_at=None,
        upstream__in=[item["artifact_id"] for item in step.plan.uncovered],
    )
    return sorted(served.values_list("upstream__name", flat=True))


def rule_id(step: PlanStep) -> str:
    """Name a step's rule at the product."""
    return f"vestige-{step.plan_id}-{step.ordinal}"
