"""What was done to each affected artifact, read off the plan and the two traces."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from lineage.graph import ArtifactKind
from lineage.selectors import made_from
from reports.claims import Action, EvidenceItem
from unlearning.jobs.inputs import canonical_digest
from unlearning.selectors import EvidenceView, PlanView, StepView


def actions_of(
    plan: PlanView, trace: Mapping[str, Any], closing: Mapping[str, Any] | None
) -> tuple[Action, ...]:
    """What was done to each affected artifact, and which of them nothing was done to.

    Args:
        plan: The plan, carried out.
        trace: The trace that the plan rests on.
        closing: The trace after the work; what it still finds weakens the claims.
    """
    left = list(closing["affected"]) if closing else []
    affected = {item["artifact_id"]: item for item in trace["affected"]}
    undecided = int(trace.get("undecided_duplicates", 0))
    treated = tuple(
        replace(_action(plan, step, left, affected), undecided_duplicates=undecided)
        for step in plan.steps
    )
    return (*treated, *_untreated(plan, trace, left), *_newly_found(plan, trace, left))


def _period(plan: PlanView, step: StepView) -> str:
    """When an action held that ends with the work, as a suppression does unless it is kept."""
    if plan.started_at is None:
        return ""
    until = f"{plan.settled_at:%Y-%m-%d %H:%M} UTC" if plan.settled_at else "now"
    start = f"{plan.started_at:%Y-%m-%d %H:%M} UTC"
    if any(item.kind == "suppression_kept" for item in step.evidence):
        return f"since the work began ({start}), and still are"
    return f"while the work was under way (between {start} and {until} at the longest)"


def _action(
    plan: PlanView,
    step: StepView,
    left: Iterable[Mapping[str, Any]],
    affected: Mapping[int, Mapping[str, Any]],
) -> Action:
    found = affected.get(step.artifact_id, {})
    evidence = tuple(_evidence_item(item) for item in step.evidence)
    recorded = any(e.kind == "run_recorded" and e.outcome == "passed" for e in evidence)
    return Action(
        artifact_kind=step.artifact_kind,
        artifact_name=step.artifact_name,
        # As it was traced: a later capture may have read another digest.
        artifact_digest=found.get("digest", step.artifact_digest),
        new_digest=str(step.outcome.get("digest") or ""),
        method=step.method,
        guarantee_class=step.guarantee_class,
        run_recorded=recorded and step.state == "done",
        evidence=evidence,
        place=step.artifact_location,
        period=_period(plan, step),
        inherits=_inherits(step.artifact_id, affected),
        same_content=_same_content(step),
        found_again=_found_again({step.artifact_id, step.outcome.get("artifact")}, left),
    )


def _inherits(artifact_id: int, affected: Mapping[int, Mapping[str, Any]]) -> tuple[str, ...]:
    """Affected models and synthetic datasets that an artifact was made from, by name."""
    sources = made_from(artifact_id) & affected.keys()
    return tuple(sorted(affected[source]["name"] for source in sources))


def _same_content(step: StepView) -> int:
    """How many equal rows of others the check of duplicates met."""
    counts = (
        item.payload.get("rows_with_same_content", 0)
        for item in step.evidence
        if item.kind == "duplicates_checked"
    )
    return sum(counts)


def _found_again(own: Collection[int | None], left: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """How the records still reach an artifact, or the one that a step made of it."""
    found = (item["influence"] for item in left if item["artifact_id"] in own)
    return tuple(sorted({name for names in found for name in names}))


def _newly_found(
    plan: PlanView, trace: Mapping[str, Any], left: Iterable[Mapping[str, Any]]
) -> Iterator[Action]:
    """Artifacts that came up while the work was under way, so that no step treated them."""
    known = {item["artifact_id"] for item in trace["affected"]}
    known |= {step.outcome.get("artifact") for step in plan.steps}
    for item in left:
        if item["artifact_id"] not in known:
            yield Action(
                artifact_kind=item["kind"],
                artifact_name=item["name"],
                artifact_digest=item.get("digest", ""),
                found_again=tuple(sorted(item["influence"])),
                untreated_because="Only the trace after the work found it; no step treated it.",
            )


def _untreated(
    plan: PlanView, trace: Mapping[str, Any], left: Iterable[Mapping[str, Any]]
) -> Iterator[Action]:
    """Affected artifacts without a step; a segment is treated with its dataset version."""
    treated = {step.artifact_id for step in plan.steps}
    reasons = {item["artifact_id"]: item["reason"] for item in plan.uncovered}
    for item in trace["affected"]:
        if item["artifact_id"] in treated or _covered_segment(item, reasons):
            continue
        yield Action(
            artifact_kind=item["kind"],
            artifact_name=item["name"],
            artifact_digest=item.get("digest", ""),
            found_again=_found_again({item["artifact_id"]}, left),
            untreated_because=reasons.get(item["artifact_id"], "No step of the plan treated it."),
        )


def _covered_segment(item: Mapping[str, Any], reasons: Mapping[int, str]) -> bool:
    return item["kind"] == ArtifactKind.SEGMENT and item["artifact_id"] not in reasons


def _evidence_item(item: EvidenceView) -> EvidenceItem:
    return EvidenceItem(
        kind=item.kind,
        outcome=item.outcome,
        summary=item.summary,
        digest=canonical_digest(item.payload),
    )
