"""Verifies a whole plan after its steps took effect: which checks belong to which method."""

from collections.abc import Mapping, Sequence

from unlearning.jobfiles import Report
from unlearning.verification.plan_check.models import MODEL_METHODS, check_models
from unlearning.verification.plan_check.references import make_references
from unlearning.verification.plan_check.storage import check_storage
from unlearning.verification.plan_check.treated import Orders, Place, Treated
from unlearning.verification.sources import check_source_rows_absent

__all__ = ["Orders", "Place", "Treated", "checkable", "verify"]

#: Methods whose effect only their caller can see: it asks the product, re-reads the places where
#: something was destroyed, and waits for the recipient.
LEFT_TO_THE_CALLER = frozenset({"output_suppression", "artifact_destruction", "recipient_notice"})
#: Share of the work that goes into references, where replicas are trained besides.
_REFERENCES = 0.4


def verify(
    steps: Sequence[Treated], *, datasets: Sequence[Place], orders: Orders, report: Report
) -> list[dict[str, object]]:
    """Check every step and return its findings with the step's id.

    Args:
        steps: The steps of :func:`checkable`.
        datasets: Where every redacted dataset lies, copies included. What a copy still holds
            weakens the step that redacted the dataset.
        orders: What holds for the whole plan.
        report: Progress, 0.0 to 1.0.
    """
    models = [step for step in steps if step.method in MODEL_METHODS]
    references = make_references(steps, orders, _part(report, 0.0, _REFERENCES))
    evidence: list[dict[str, object]] = []
    for step in steps:
        if step not in models:
            found = check_storage(step, record_ids=orders.record_ids, references=references)
            evidence += [{"step_id": step.step_id, **finding.to_json()} for finding in found]
    checked = check_models(models, references, orders, _part(report, _REFERENCES, 1.0))
    evidence += [{"step_id": step.step_id, **finding.to_json()} for step, finding in checked]
    originals = {step.step_id: step.after for step in steps}
    for place in _unlisted(datasets, steps):
        finding = check_source_rows_absent(
            directory=place.path,
            described_in=originals.get(place.step_id, place.path),
            record_ids=orders.record_ids,
        )
        evidence.append({"step_id": place.step_id, **finding.to_json()})
    return evidence


def checkable(steps: Sequence[Mapping[str, object]]) -> list[Mapping[str, object]]:
    """Leave out the steps whose effect only the caller can check."""
    return [step for step in steps if step.get("method") not in LEFT_TO_THE_CALLER]


def _unlisted(datasets: Sequence[Place], treated: Sequence[Treated]) -> list[Place]:
    """Leave out the places that the checks of the steps read anyway."""
    checked = {step.after.resolve() for step in treated if step.method == "source_row_deletion"}
    return [place for place in datasets if place.path.resolve() not in checked]


def _part(report: Report, low: float, high: float) -> Report:
    return lambda fraction, message: report(low + (high - low) * fraction, message)
