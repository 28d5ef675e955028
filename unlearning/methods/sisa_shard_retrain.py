"""Shard retraining: repeat only the stages that saw the record (Bourtoule et al. 2021).

The recipe resumes each touched shard from its last slice checkpoint before the record's slice and
copies every other checkpoint. Exact where the recipe is deterministic and keeps the rule of
:mod:`unlearning.sharding`; replay shows it. What it does not guarantee stands in the method table.
"""

from unlearning.jobfiles import Report, StepInput, StepOutput
from unlearning.methods.retrain_output import model_output
from unlearning.training import run_training


def apply(job: StepInput, report: Report) -> StepOutput:
    """Retrain the shards that hold a forgotten record.

    Raises:
        JobInputError: Training or checkpoints were not recorded, or nothing is to be forgotten.
    """
    trained = run_training(
        job.need_training(),
        out=job.out / "model",
        exclude=job.record_ids,
        resume_from=job.need_model_dir(),
        report=report,
    )
    return model_output(trained, job.out, training=job.need_training())
