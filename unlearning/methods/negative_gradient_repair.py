"""NegGrad+: a few steps down on retained records and up on forgotten ones (Kurmanji et al. 2023).

Each step follows ``b * L(retain batch) - (1 - b) * sum over the forget set of min(L, c)``. The way
up is short on purpose: a record that is known worse than by a model that never saw it stands out as
much as one that is known too well. Its length, learning rate times steps times ``1 - b``, was
chosen by the tests with replicas (:mod:`unlearning.verification.replica_membership`) on the example
company's classifier, and only these tests say whether it suits another model. The cap ``c``, one
standard deviation of the retained records' losses above each record's own, bounds it where it does
not. The last steps follow the retained records alone.

Approximate. What it does not guarantee stands in the method table.
"""

import time

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from unlearning.data import RecordView
from unlearning.digests import WEIGHTS_FILE, weights_digest
from unlearning.forget_set import keep_forget_set
from unlearning.jobfiles import JobInputError, Report, StepInput, StepOutput
from unlearning.methods.forget_set_checks import require_forgettable
from unlearning.recipes import load_recipe, task_of
from unlearning.sharding import epoch_order, order_keys
from unlearning.training import make_deterministic, save_state
from unlearning.verification.duplicates import check_duplicates

STEPS = 30
#: Steps that also go up on the forgotten records; the rest only mend.
ASCENT_STEPS = 20
BATCH = 256
#: Small beside that of a training: larger steps would anneal the model, which shows as well.
LEARNING_RATE = 0.0008
#: Weight of the retained records, ``b`` above.
ANCHOR = 0.75


def apply(job: StepInput, report: Report) -> StepOutput:
    """Take the steps and leave a new model directory.

    Raises:
        JobInputError: Training or weights were not recorded, nothing is to be forgotten, or the
            model is no classifier.
    """
    make_deterministic()
    started = time.perf_counter()
    recipe = load_recipe(job.need_training().recipe)
    if task_of(recipe) != "classification":
        raise JobInputError("a negative gradient needs the classes of a classifier")
    model = recipe.load(job.need_model_dir())
    view = RecordView.open(*job.need_training().datasets, exclude=job.record_ids)
    require_forgettable(view)
    positions = retained_positions(view.ids, seed=job.seed)
    retained = recipe.encode([view.records[position] for position in positions])
    rise = repair(model, retained, recipe.encode(view.excluded), report)
    model_dir = job.out / "model"
    model_dir.mkdir(parents=True, exist_ok=True)
    save_state(model_dir / WEIGHTS_FILE, model.state_dict())
    seconds = time.perf_counter() - started
    return StepOutput(
        model_dir=model_dir,
        digest=weights_digest(model_dir),
        seconds=seconds,
        manifest={
            "datasets": list(view.locations),
            "excluded": len(view.excluded),
            "retain_sample": len(retained[1]),
            "forget_set": str(keep_forget_set(view, job.out)),
            "seconds": round(seconds, 3),
        },
        details={
            "steps": STEPS,
            "ascent_steps": ASCENT_STEPS,
            "anchor": ANCHOR,
            "largest_rise_of_loss": rise,
        },
        evidence=(check_duplicates(view),),
    )


def retained_positions(ids: tuple[str, ...], *, seed: int) -> NDArray[np.int64]:
    """Choose the retained records of all steps, by their positions in the sorted ids."""
    return epoch_order(order_keys(ids, seed=seed), epoch=0)[: STEPS * BATCH]


def repair(
    model: nn.Module,
    retained: tuple[Tensor, Tensor],
    forgotten: tuple[Tensor, Tensor],
    report: Report,
) -> float:
    """Take the steps on a model in place and return how far a loss may rise (nats).

    Args:
        model: Features ``(n, d)`` to log-probabilities ``(n, classes)``.
        retained: Features and classes of the records at :func:`retained_positions`.
        forgotten: Features and classes of the forget set.
        report: Called with the fraction done, 0.0 to 1.0, and a message.
    """
    features, classes = retained
    with torch.no_grad():
        spread = float(_losses(model, retained).std(correction=0))
        cap = _losses(model, forgotten) + spread
    optimizer = torch.optim.SGD(model.parameters(), lr=LEARNING_RATE)
    for step in range(STEPS):
        rows = torch.arange(step * BATCH, (step + 1) * BATCH) % len(classes)
        loss = ANCHOR * _losses(model, (features[rows], classes[rows])).mean()
        if step < ASCENT_STEPS:
            loss = loss - (1 - ANCHOR) * torch.minimum(_losses(model, forgotten), cap).sum()
        optimizer.zero_grad()
        torch.autograd.backward([loss])
        optimizer.step()
        report((step + 1) / STEPS, f"repair step {step + 1} of {STEPS}")
    return spread


def _losses(model: nn.Module, records: tuple[Tensor, Tensor]) -> Tensor:
    return nn.functional.nll_loss(model(records[0]), records[1], reduction="none")
