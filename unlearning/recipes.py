"""The recipe contract: what training code offers so that a model can be made without a record.

A recipe is any object that has the methods of :class:`Recipe`, named ``module:name`` in the tag
``vestige.recipe`` of the run that trained with it. It must be deterministic on one thread, and must
derive everything from record ids and the seed (see :mod:`unlearning.sharding`).
"""

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias, runtime_checkable

from torch import Tensor, nn

from unlearning.data import Record, RecordView
from unlearning.jobfiles import Report

State: TypeAlias = Mapping[str, Tensor]
OnCheckpoint: TypeAlias = Callable[[str, State], None]

#: Folder of a model directory with the checkpoints that a later retrain may resume from.
CHECKPOINTS = "checkpoints"


class RecipeError(Exception):
    """The recipe cannot be loaded or cannot train what was asked."""


@dataclass(frozen=True, kw_only=True)
class TrainedModel:
    """What a recipe returns."""

    state: State
    #: What the run did, for people: e.g. which shards were trained and which reused.
    details: Mapping[str, object]


@runtime_checkable
class Recipe(Protocol):
    """Training code that can be repeated."""

    def train(  # noqa: PLR0913 - the whole contract of a training, every argument by name
        self,
        data: RecordView,
        *,
        params: Mapping[str, str],
        seed: int,
        resume_from: Path | None,
        base: Path | None,
        on_checkpoint: OnCheckpoint,
        report: Report,
    ) -> TrainedModel:
        """Train on a view.

        Args:
            data: The records to train on; ``data.exclude_ids`` are forgotten ones.
            params: Recorded parameters.
            seed: Recorded seed.
            resume_from: Directory of an earlier model of this recipe, same params and seed, trained
                on the same records and the excluded ones. The recipe may reuse those of its
                checkpoints that no excluded record has touched; None trains from the start.
            base: Directory of the model to start from (a fine-tune), or None.
            on_checkpoint: Called with a name and weights that a later call may resume from.
            report: Called with the fraction done, 0.0 to 1.0, and a message.
        """

    def load(self, model_dir: Path) -> nn.Module:
        """Return the model: features ``(n, d)`` to log-probabilities ``(n, classes)``."""

    def encode(self, records: Sequence[Record]) -> tuple[Tensor, Tensor]:
        """Return features ``(n, d)`` and classes ``(n,)``, each row from its own record alone."""


def load_recipe(name: str) -> Recipe:
    """Import the recipe named ``module:name``.

    Raises:
        RecipeError: There is no such module, name or recipe.
    """
    module_name, _, attribute = name.partition(":")
    if not module_name or not attribute:
        raise RecipeError(f"a recipe is named module:name, not {name!r}")
    try:
        recipe = getattr(importlib.import_module(module_name), attribute)
    except (ImportError, AttributeError) as error:
        raise RecipeError(f"recipe {name} cannot be imported: {error}") from error
    if not isinstance(recipe, Recipe):
        raise RecipeError(f"{name} does not have the methods of a recipe")
    return recipe
