"""Promotion: verified new versions go live, the product is asked, the suppression is lifted.

Every act can be repeated: moving an alias that has moved, reloading, lifting a rule that is gone.
"""

from lineage.capture.observations import Observations, ObservedDerivation
from lineage.graph import ArtifactKind, Relation
from lineage.models import Artifact, Derivation
from lineage.services import capture_mlflow, record_observations
from unlearning import product, registry
from unlearning.errors import ProductError, PromotionRefusedError
from unlearning.jobs.findings import StepFinding
from unlearning.jobs.lease import Lease
from unlearning.jobs.suppression import lift
from unlearning.models import Plan, PlanStep

#: Relations of an old version that its new version repeats, to the redacted datasets.
#: An index keeps its old embedder: the vectors of the other rows were not computed anew.
_REPEATED = (
    Relation.TRAINED_ON,
    Relation.EVALUATED_ON,
    Relation.INDEXES,
    Relation.EMBEDDED_BY,
)
#: Checks whose failure means that a new version is too weak, still holds the records, or is not
#: what it says.
_HOLD_BACK = (
    "utility_floor",
    "manifest_excludes",
    "replay_equal",
    "ancestor_clean",
    "vectors_absent",
    "source_rows_absent",
    "outputs_suppressed",
)


def promote_plan(plan: Plan, lease: Lease, *, accepted_by: str = "") -> list[StepFinding]:
    """Put the new versions of a verified plan into production.

    Args:
        plan: The plan, verified.
        lease: The right to do so.
        accepted_by: Who decided that versions that failed a check may serve all the same.

    Returns:
        One finding for each product that serves them, one for each suppression that stays, and
        one for a decision to let versions serve that failed a check.

    Raises:
        PromotionRefusedError: A new version failed a check; nothing was changed.
        ProductError: A product does not do what it was asked.
        LeaseLostError: Somebody else holds the job now.
    """
    steps = list(plan.steps.select_related("artifact").order_by("ordinal"))
    accepted = _decision(plan, accepted_by)
    record_observations(_lineage_of_new_versions(steps))
    for step in steps:
        name, version = step.outcome.get("registered_name"), step.outcome.get("version")
        if name and version and _was_in_production(step):
            lease.check()
            registry.promote(registered_name=name, version=version)
    lease.renew(progress=0.5, message="new versions in production")
    capture_mlflow()
    products = [step for step in steps if step.artifact.kind == ArtifactKind.PRODUCT]
    findings = [_switch(step, steps, lease) for step in products]
    for step in products:
        lease.check()
        if step.outcome.get("rule_id"):
            findings += lift(step)
    return [*accepted, *findings]


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


def _switch(step: PlanStep, steps: list[PlanStep], lease: Lease) -> StepFinding:
    """Let a product load the new version, and ask it what it serves now."""
    lease.check()
    endpoint = step.artifact.location
    product.reload(endpoint)
    serves = product.health(endpoint).digest
    before = step.outcome.get("served_before", "")
    successors = {
        other.artifact.digest: other.outcome.get("digest", "")
        for other in steps
        if other.outcome.get("artifact")
    }
    expected = successors.get(before, before)
    switched = bool(serves) and serves == expected and serves != before
    stayed = before not in successors
    if not switched and not stayed:
        raise ProductError(
            f"{step.artifact.name} serves {serves or 'an unknown model'} after its reload; "
            f"{expected} was expected."
        )
    return StepFinding(
        step_id=step.pk,
        kind="deployment_switched",
        outcome="passed" if switched else "inconclusive",
        summary=(
            f"{step.artifact.name} answered with {before[:19]} before and {serves[:19]} after."
            if switched
            else f"{step.artifact.name} serves {serves[:19]}, which no step of this plan replaced."
        ),
        payload={"endpoint": endpoint, "before": before, "after": serves, "expected": expected},
    )


def _lineage_of_new_versions(steps: list[PlanStep]) -> Observations:
    """What the new versions were made from: the redacted datasets, and for an index its embedder.

    MLflow's runs are older than the redacted dataset versions and cannot name them; Vestige trained
    on exactly these rows and says so itself.
    """
    pairs: list[tuple[int, int]] = []
    for step in steps:
        if made := step.outcome.get("artifact"):
            pairs.append((step.artifact_id, made))
        if base := step.outcome.get("base"):
            pairs.append((base["of"], base["artifact"]))
    rows = Artifact.objects.in_bulk([made for _, made in pairs])
    datasets = {
        old: rows[made].identity
        for old, made in pairs
        if rows[made].kind == ArtifactKind.DATASET_VERSION
    }
    return Observations(
        derivations=tuple(
            derivation
            for old, made in pairs
            if rows[made].kind != ArtifactKind.DATASET_VERSION
            for derivation in _repeated(old, rows[made], datasets)
        )
    )


def _repeated(old: int, made: Artifact, datasets: dict[int, str]) -> list[ObservedDerivation]:
    """Edges of an old version as its new version has them."""
    edges = Derivation.objects.filter(
        downstream_id=old, relation__in=_REPEATED, ended_at=None
    ).select_related("upstream")
    return [
        ObservedDerivation(
            upstream=datasets.get(edge.upstream_id, edge.upstream.identity),
            downstream=made.identity,
            relation=Relation(edge.relation),
        )
        for edge in edges.order_by("pk")
    ]
