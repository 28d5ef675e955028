"""A product loads the new versions, and is asked what it serves now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from unlearning import product
from unlearning.errors import ProductError
from unlearning.jobs.findings import StepFinding
from unlearning.models import PlanStep


def switch(step: PlanStep, steps: Sequence[PlanStep]) -> StepFinding:
    """Let a product load what is in production, and check model and index against what it served.

    Args:
        step: The product's own step, with what it served before.
        steps: All steps of the plan, with what they made.

    Raises:
        ProductError: The product does not answer, or serves something else than the successor of
            what it served before.
    """
    endpoint = step.artifact.location
    product.reload(endpoint)
    answer = product.health(endpoint)
    successors = {
        other.artifact.digest: other.outcome.get("digest") or ""
        for other in steps
        if other.outcome.get("model_id")
    }
    parts = {
        "model": _part(step.outcome.get("served_before", ""), answer.digest, successors),
        "index": _part(step.outcome.get("index_before", ""), answer.index_digest, successors),
    }
    for name, part in parts.items():
        if part.after != part.expected:
            raise ProductError(
                f"{step.artifact.name} serves {part.after or 'an unknown'} {name} after its "
                f"reload; {part.expected} was expected."
            )
    switched = {name: part for name, part in parts.items() if part.switched}
    return StepFinding(
        step_id=step.pk,
        kind="deployment_switched",
        outcome="passed" if switched else "inconclusive",
        summary=_summary(step.artifact.name, parts, switched),
        payload={
            "endpoint": endpoint,
            "before": parts["model"].before,
            "after": parts["model"].after,
            "expected": parts["model"].expected,
            "index_before": parts["index"].before,
            "index_after": parts["index"].after,
            "index_expected": parts["index"].expected,
        },
    )


@dataclass(frozen=True, kw_only=True)
class _Part:
    """The digest of one thing that a product serves: before, now, and as it should be now."""

    before: str
    after: str
    expected: str

    @property
    def switched(self) -> bool:
        """Whether it was named before and is another one now."""
        return bool(self.before) and self.after != self.before


def _part(before: str, after: str, successors: Mapping[str, str]) -> _Part:
    """Compare: what somebody replaced must be gone, and what nobody replaced should have stayed.

    What was not named before cannot be compared; it must still be nothing that a step replaced.
    """
    known = before or after
    return _Part(before=before, after=after, expected=successors.get(known) or known)


def _summary(name: str, parts: Mapping[str, _Part], switched: Mapping[str, _Part]) -> str:
    if not switched:
        model = parts["model"]
        served = model.after[:19] or "no model that it names"
        if model.after and not model.before:
            return f"{name} serves {served} and named no model before, so no switch is shown."
        return f"{name} serves {served}, which no step of this plan replaced."
    changes = [
        f"{what} {part.before[:19]} before and {part.after[:19]} after"
        for what, part in switched.items()
    ]
    return f"{name} answered with {', '.join(changes)}."
