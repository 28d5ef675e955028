"""The gap of a run: it is about no artifact, but about what the run read."""

from collections.abc import Iterator

from lineage.gaps.found import HIGH, FoundGap
from lineage.gaps.knowledge import Knowledge
from lineage.graph import Gap

RUN_WITHOUT_END = "run_without_end"


def runs_without_end(known: Knowledge) -> Iterator[FoundGap]:
    """One gap a run that may have made something which nobody told of."""
    for run in known.runs:
        gap = Gap(
            rule=RUN_WITHOUT_END,
            artifact=run.name,
            severity=HIGH,
            hides=f"The run {run.name} started and never reported its end; what it made is "
            "unknown.",
            remedy="Send its COMPLETE or FAIL event, or end the run in MLflow, then capture again.",
        )
        yield FoundGap(gap=gap, about=None, near=frozenset(run.used))
