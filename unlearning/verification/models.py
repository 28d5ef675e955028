"""Measures models on records: the one place of verification that loads weights."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from unlearning.data import Record, RecordView
from unlearning.recipes import Recipe, task_of
from unlearning.sharding import epoch_order, order_keys
from unlearning.verification import Finding
from unlearning.verification.membership import Attack, Losses, membership_finding
from unlearning.verification.utility import Compared, Utility

#: Retained records that utility is measured on, at most.
SAMPLE = 5_000


@dataclass(frozen=True, kw_only=True)
class Places:
    """Directories of the model before, of the model after, and of the retrained reference."""

    before: Path
    after: Path
    reference: Path | None


def measure(recipe: Recipe, model_dir: Path, records: Sequence[Record]) -> tuple[Losses, Utility]:
    """Return the loss of each record, shape ``(n,)``, and the accuracy and mean loss of all.

    The loss is the negative log-likelihood (nats); of a clustering, which has no accuracy, the
    squared distance to the nearest centre.
    """
    features, classes = recipe.encode(records)
    model = recipe.load(model_dir).eval()
    clusters = task_of(recipe) == "clustering"
    with torch.no_grad():
        answers = model(features)
        losses = (
            answers.min(dim=1).values
            if clusters
            else torch.nn.functional.nll_loss(answers, classes, reduction="none")
        )
    values = np.asarray(losses.double().numpy(), dtype=np.float64)
    right = None if clusters else float((answers.argmax(dim=1) == classes).double().mean())
    return values, Utility(accuracy=right, loss=float(values.mean()))


def retained_sample(view: RecordView) -> list[Record]:
    """Draw retained records, the same ones each time."""
    order = epoch_order(order_keys(view.ids, seed=0), epoch=0)
    return [view.records[position] for position in order[:SAMPLE]]


def attack(
    recipe: Recipe, places: Places, *, forgotten: Sequence[Record], held_out: Sequence[Record]
) -> Finding:
    """Attack the three models on the same records."""

    def losses(model_dir: Path) -> Attack:
        return Attack(
            forgotten=measure(recipe, model_dir, forgotten)[0],
            held_out=measure(recipe, model_dir, held_out)[0],
        )

    return membership_finding(
        before=losses(places.before),
        after=losses(places.after),
        reference=losses(places.reference) if places.reference else None,
    )


def compare(recipe: Recipe, places: Places, records: Sequence[Record]) -> Compared:
    """Measure the three models on the same records."""
    reference = places.reference
    return Compared(
        before=measure(recipe, places.before, records)[1],
        after=measure(recipe, places.after, records)[1],
        reference=measure(recipe, reference, records)[1] if reference else None,
    )
