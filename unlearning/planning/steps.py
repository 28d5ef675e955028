"""One step before it has its place in the plan."""

from unlearning.methods import METHODS
from unlearning.planning.values import PlannedStep, PlanningArtifact

_STORAGE_SECONDS = 2.0
#: Methods that change no file here, neither at once nor when a version is replaced.
TOUCH_NO_FILE = frozenset({"output_suppression", "recipient_notice"})


def step_for(
    artifact: PlanningArtifact, method: str, seconds: float | None, basis: str, reason: str
) -> PlannedStep:
    """Plan a method for an artifact; its place in the order comes later."""
    return PlannedStep(
        ordinal=0,
        artifact=artifact.id,
        method=method,
        guarantee_class=METHODS[method].guarantee_class,
        cost_seconds=None if seconds is None else round(seconds, 2),
        cost_basis=basis,
        reason=reason,
        places=() if method in TOUCH_NO_FILE else artifact.locations,
    )


def quick_step(artifact: PlanningArtifact, method: str, reason: str) -> PlannedStep:
    """Plan a method that trains nothing."""
    return step_for(artifact, method, _STORAGE_SECONDS, "fixed estimate; no training", reason)
