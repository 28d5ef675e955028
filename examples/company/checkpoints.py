"""Keeps a training's checkpoints beside its model, as teams do to resume or to look back.

Each holds the weights of an epoch and the optimizer's memory. Each is a logged model of its own,
and a second copy lies in a local folder, which only the tag ``vestige.copies`` tells of.
"""

import json
import shutil
from pathlib import Path

from examples.company import tracking
from lineage.exposure import OPTIMIZER_STEP_TAG
from unlearning.digests import WEIGHTS_FILE
from unlearning.recipes import CHECKPOINTS

MODEL_TYPE = "checkpoint"


def keep_checkpoints(work: tracking.Work, name: str, *, copies: Path, steps: int) -> None:
    """Log each checkpoint of a run, move it out of the model and into the folder of copies.

    Args:
        work: The run; its recipe named the checkpoints ``epoch-<number>``.
        name: The model's name.
        copies: Folder of the second copies.
        steps: Optimizer steps of an epoch; with them Vestige can tell whom a checkpoint has met.
    """
    for file in sorted((work.model_dir / CHECKPOINTS).glob("epoch-*.safetensors")):
        epoch = int(file.stem.removeprefix("epoch-"))
        copy = copies.resolve() / file.stem
        copy.mkdir(parents=True, exist_ok=True)
        shutil.move(file, copy / WEIGHTS_FILE)
        tracking.log_files(
            work,
            f"{name}-{file.stem}",
            copy,
            params={"epoch": epoch},
            tags={
                "vestige.copies": json.dumps([copy.as_uri()]),
                OPTIMIZER_STEP_TAG: str(epoch * steps),
            },
            model_type=MODEL_TYPE,
            step=epoch,
        )
