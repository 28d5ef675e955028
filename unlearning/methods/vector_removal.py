"""Vector removal: the index is written anew without the forgotten records' vectors.

Search is exact, so there is no graph whose edges would remember a removed vector. What it does not
guarantee stands in the method table.
"""

import time

from unlearning.digests import weights_digest
from unlearning.jobfiles import JobInputError, Report, StepInput, StepOutput
from unlearning.vectors import VectorIndex


def apply(job: StepInput, report: Report) -> StepOutput:
    """Write the index without the records.

    Raises:
        JobInputError: The index holds none of the records, or nothing else.
    """
    started = time.perf_counter()
    before = VectorIndex.load(job.need_model_dir())
    report(0.3, f"index of {len(before.ids)} vectors read")
    after = before.without(job.record_ids)
    if len(after.ids) == len(before.ids):
        raise JobInputError("the index holds none of the records")
    if not after.ids:
        raise JobInputError("the forget set is the whole index; delete the index instead")
    model_dir = job.out / "model"
    after.save(model_dir)
    report(1.0, f"index of {len(after.ids)} vectors written")
    return StepOutput(
        model_dir=model_dir,
        digest=weights_digest(model_dir),
        seconds=time.perf_counter() - started,
        manifest={"vectors": len(after.ids), "removed": len(before.ids) - len(after.ids)},
    )
