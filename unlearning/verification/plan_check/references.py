"""Which references a plan needs."""

from collections.abc import Iterator, Mapping, Sequence

from unlearning.jobfiles import Report
from unlearning.verification.plan_check.treated import Orders, Treated
from unlearning.verification.replay import References, replay


def make_references(steps: Sequence[Treated], orders: Orders, report: Report) -> References:
    """Make every reference of the plan in one fresh process.

    Args:
        steps: Steps with a recorded training or sampling; the others need no reference.
        orders: What holds for the whole plan.
        report: Progress, 0.0 to 1.0.
    """
    trainings = [step.training for step in steps if step.training and step.method not in _NO_MODEL]
    samplings = [step.sampling for step in steps if step.sampling]
    for training in trainings:
        samplings += _samplings(training)
    if not trainings and not samplings:
        return References()
    return replay(
        trainings,
        samplings=samplings,
        record_ids=orders.record_ids,
        out=orders.out / "references",
        report=report,
    )


#: Methods whose steps may name a training that no model of theirs was made by.
_NO_MODEL = frozenset({"vector_removal", "synthetic_regeneration", "source_row_deletion"})


def _samplings(training: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    """Yield how the synthetic datasets came to be that a training and its bases read."""
    datasets = training.get("datasets")
    for dataset in datasets if isinstance(datasets, list) else ():
        if isinstance(dataset, Mapping) and isinstance(dataset.get("synthesis"), Mapping):
            yield dataset["synthesis"]
    merged = training.get("merged")
    sources = list(merged.values()) if isinstance(merged, Mapping) else []
    for before in (training.get("base"), *sources):
        if isinstance(before, Mapping):
            yield from _samplings(before)
