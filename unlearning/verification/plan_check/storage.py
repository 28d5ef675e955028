"""Checks of rows, vectors and synthetic datasets as they lie now."""

from collections.abc import Iterator

from unlearning.jobfiles import JobInputError
from unlearning.verification import Finding
from unlearning.verification.plan_check.ancestors import (
    ancestor_finding,
    ancestor_of_dataset,
    dataset_digest,
)
from unlearning.verification.plan_check.treated import Treated
from unlearning.verification.replay import References
from unlearning.verification.sources import check_source_rows_absent
from unlearning.verification.vectors import check_vectors_absent


def check_storage(
    step: Treated, *, record_ids: frozenset[str], references: References
) -> Iterator[Finding]:
    """Check one step that treated no model.

    Raises:
        JobInputError: No check is known for its method.
    """
    if step.method == "vector_removal":
        yield check_vectors_absent(
            before_dir=step.before, after_dir=step.after, record_ids=record_ids
        )
    elif step.method == "source_row_deletion":
        yield check_source_rows_absent(
            directory=step.after, described_in=step.after, record_ids=record_ids
        )
    elif step.method == "synthetic_regeneration":
        yield _regenerated(step, references)
        yield ancestor_finding([ancestor_of_dataset(step, references)], references)
    else:
        raise JobInputError(f"no check is known for the method {step.method}")


def _regenerated(step: Treated, references: References) -> Finding:
    """Compare the files as they lie now with what a fresh process sampled."""
    reference = references.datasets.get(step.need_sampling().key)
    digest = dataset_digest(str(step.after))
    equal = digest == reference and digest == step.digest
    if reference is None:
        summary = f"Not established: no reference could be sampled: {references.failure}."
    elif equal:
        summary = (
            "A fresh process trained the generator without the records and sampled the same files "
            f"({reference[:19]}…)."
        )
    elif digest == step.digest:
        summary = "A fresh process sampled other files than the job did."
    else:
        summary = "The files are not those that the step reported."
    return Finding(
        kind="synthetic_regenerated",
        outcome="inconclusive" if reference is None else "passed" if equal else "failed",
        summary=summary,
        payload={
            "digest": digest,
            "reference_digest": reference,
            "isolation": "process",
            "shared_cache": False,
        },
    )
