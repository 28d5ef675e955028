"""The recipe contract: what training code offers so that a model can be made without a record.

A recipe is any object that has the methods of :class:`Recipe`, named ``module:name`` in the tag
``vestige.recipe`` of the run that trained with it. It must be deterministic on one thread, and must
derive everything from record ids and the seed (see :mod:`unlearning.sharding`).

A recipe may also have

* an attribute ``task``, ``"classification"`` where it is missing. The model of a ``"clustering"``
  returns squared distances ``(n, k)`` to the centres; classes mean nothing to it;
* the method of :class:`TrainsReplicas`, a fast path to many trainings that differ by seed only.

A *synthesis* is any object that has the method of :class:`Synthesis`: it samples a synthetic
dataset from a model that was trained by a recipe.
"""

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, TypeAlias, runtime_checkable

from torch import Tensor, nn

from unlearning.data import Record, RecordView
from unlearning.jobfiles import Report

State: TypeAlias = Mapping[str, Tensor]
OnCheckpoint: TypeAlias = Callable[[str, State], None]
Task: TypeAlias = Literal["classification", "clustering"]

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
            data: The records to train on; ``data.exclude_ids`` are forgotten ones. Empty where the
                run read none, as one that quantises its base.
            params: Recorded parameters.
            seed: Recorded seed.
            resume_from: Directory of an earlier model of this recipe, same params and seed, trained
                on the same records and the excluded ones. The recipe may reuse those of its
                checkpoints that no excluded record has touched; None trains from the start.
            base: Directory of the model to start from (a fine-tune, an adapter, a quantisation), or
                None. Of a merge, a folder with one model directory for each model that goes into
                it, by the name under which that was logged.
            on_checkpoint: Called with a name and weights that a later call may resume from.
            report: Called with the fraction done, 0.0 to 1.0, and a message.
        """

    def load(self, model_dir: Path) -> nn.Module:
        """Return the model: features ``(n, d)`` to log-probabilities ``(n, classes)``.

        The model of a clustering answers with squared distances ``(n, k)``, in squared units of
        the features.
        """

    def encode(self, records: Sequence[Record]) -> tuple[Tensor, Tensor]:
        """Return features ``(n, d)`` and classes ``(n,)``, each row from its own record alone."""


@runtime_checkable
class TrainsReplicas(Protocol):
    """A recipe that trains many models at once, faster than one after the other."""

    def train_replicas(
        self,
        data: RecordView,
        *,
        params: Mapping[str, str],
        seeds: Sequence[int],
        report: Report,
    ) -> list[State]:
        """Train one model a seed, as ``train`` would from initial weights.

        Args:
            data: The records to train on.
            params: Recorded parameters.
            seeds: One a model; initial weights and the order of batches follow from it.
            report: Called with the fraction done, 0.0 to 1.0, and a message.
        """


@runtime_checkable
class Synthesis(Protocol):
    """Sampling code that can be repeated: the same generator and seed give the same bytes."""

    def sample(
        self,
        generator_dir: Path,
        *,
        params: Mapping[str, str],
        seed: int,
        out: Path,
        report: Report,
    ) -> None:
        """Write a synthetic dataset, segment files and description, into a directory.

        Args:
            generator_dir: Directory of the model to sample from.
            params: Recorded parameters of the sampling.
            seed: Recorded seed of the sampling.
            out: Directory to write into; it exists and is empty.
            report: Called with the fraction done, 0.0 to 1.0, and a message.
        """


def load_recipe(name: str) -> Recipe:
    """Import the recipe named ``module:name``.

    Raises:
        RecipeError: There is no such module, name or recipe.
    """
    recipe = _imported(name, "recipe")
    if not isinstance(recipe, Recipe):
        raise RecipeError(f"{name} does not have the methods of a recipe")
    return recipe


def load_synthesis(name: str) -> Synthesis:
    """Import the synthesis named ``module:name``.

    Raises:
        RecipeError: There is no such module, name or synthesis.
    """
    synthesis = _imported(name, "synthesis")
    if not isinstance(synthesis, Synthesis):
        raise RecipeError(f"{name} does not have the method of a synthesis")
    return synthesis


def task_of(recipe: Recipe) -> Task:
    """Return what the recipe's models do.

    Raises:
        RecipeError: The recipe names a task that is not known.
    """
    task = getattr(recipe, "task", "classification")
    if task == "classification":
        return "classification"
    if task == "clustering":
        return "clustering"
    raise RecipeError(f"{task!r} is no task of a recipe")


def _imported(name: str, noun: str) -> object:
    module_name, _, attribute = name.partition(":")
    if not module_name or not attribute:
        raise RecipeError(f"a {noun} is named module:name, not {name!r}")
    try:
        return getattr(importlib.import_module(module_name), attribute)
    except (ImportError, AttributeError) as error:
        raise RecipeError(f"{noun} {name} cannot be imported: {error}") from error
