"""NegGrad+: a few steps down on retained records and up on forgotten ones (Kurmanji et al. 2023).

Each step follows ``b * L(retain batch) - (1 - b) * min(L(forget set), c)``. The cap ``c``, one
standard deviation above the mean loss of retained records, stops the ascent where a record looks
like any other: a record pushed further would stand out by how badly the model knows it. The last
steps follow the retained records alone and mend what the ascent damaged for everybody else.

Approximate. What it does not guarantee stands in the method table.
"""

import time

import torch
from torch import Tensor, nn

from unlearning.data import RecordView
from unlearning.digests import WEIGHTS_FILE, weights_digest
from unlearning.forget_set import keep_forget_set
from unlearning.jobfiles import Report, StepInput, StepOutput
from unlearning.methods.forget_set_checks import require_forgettable
from unlearning.recipes import Recipe, load_recipe
from unlearning.sharding import epoch_order, order_keys
from unlearning.training import make_deterministic, save_state
from unlearning.verification.duplicates import check_duplicates

STEPS = 60
#: Steps that also go up on the forgotten records; the rest only mend.
ASCENT_STEPS = 40
BATCH = 256
LEARNING_RATE = 0.05
#: Weight of the retained records, ``b`` above.
ANCHOR = 0.7


def apply(job: StepInput, report: Report) -> StepOutput:
    """Take the steps and leave a new model directory.

    Raises:
        JobInputError: Training or weights were not recorded, or nothing is to be forgotten.
    """
    make_deterministic()
    started = time.perf_counter()
    recipe = load_recipe(job.need_training().recipe)
    model = recipe.load(job.need_model_dir())
    view = RecordView.open(*job.need_training().datasets, exclude=job.record_ids)
    require_forgettable(view)
    retained = _retained_sample(recipe, view, seed=job.seed)
    cap = _repair(model, retained, recipe.encode(view.excluded), report)
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
            "loss_cap": cap,
        },
        evidence=(check_duplicates(view),),
    )


def _retained_sample(recipe: Recipe, view: RecordView, *, seed: int) -> tuple[Tensor, Tensor]:
    order = epoch_order(order_keys(view.ids, seed=seed), epoch=0)
    return recipe.encode([view.records[position] for position in order[: STEPS * BATCH]])


def _repair(
    model: nn.Module,
    retained: tuple[Tensor, Tensor],
    forgotten: tuple[Tensor, Tensor],
    report: Report,
) -> float:
    features, classes = retained
    with torch.no_grad():
        losses = nn.functional.nll_loss(model(features), classes, reduction="none")
    cap = float(losses.mean() + losses.std(correction=0))
    optimizer = torch.optim.SGD(model.parameters(), lr=LEARNING_RATE)
    for step in range(STEPS):
        rows = torch.arange(step * BATCH, (step + 1) * BATCH) % len(classes)
        keep = nn.functional.nll_loss(model(features[rows]), classes[rows])
        loss = ANCHOR * keep
        if step < ASCENT_STEPS:
            forget = nn.functional.nll_loss(model(forgotten[0]), forgotten[1])
            loss = loss - (1 - ANCHOR) * torch.clamp(forget, max=cap)
        optimizer.zero_grad()
        torch.autograd.backward([loss])
        optimizer.step()
        report((step + 1) / STEPS, f"repair step {step + 1} of {STEPS}")
    return cap
