"""Full retraining: every ancestor from its initial weights, without the record, in order.

A fine-tune inherits what its base learned, so replaying the fine-tune alone would not do. Exact by
construction. What it does not guarantee stands in the method table.
"""

import json

from unlearning.jobfiles import Report, StepInput, StepOutput
from unlearning.methods.retrain_output import BASE_MANIFEST_FILE, model_output
from unlearning.training import run_lineage


def apply(job: StepInput, report: Report) -> StepOutput:
    """Retrain the model and what it came from.

    Raises:
        JobInputError: Training was not recorded, or nothing is to be forgotten.
    """
    training = job.need_training()
    model, base = run_lineage(training, out=job.out, exclude=job.record_ids, report=report)
    if base is None:
        return model_output(model, job.out, training=training)
    manifest = json.dumps(base.view.manifest())
    (model.model_dir / BASE_MANIFEST_FILE).write_text(manifest, encoding="utf-8")
    return model_output(model, job.out, training=training, base=base)
