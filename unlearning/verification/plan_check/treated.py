"""What verification is told of a plan."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from unlearning.data import local_path
from unlearning.jobfiles import JobInputError, Sampling, Training


@dataclass(frozen=True, kw_only=True)
class Orders:
    """What holds for the whole plan."""

    #: The forget set.
    record_ids: frozenset[str]
    #: How many replicas of each group membership inference trains; 0 trains none.
    replicas: int
    #: The only directory that verification may write to.
    out: Path


@dataclass(frozen=True, kw_only=True)
class Place:
    """One place of a redacted dataset: its own, or that of a copy."""

    #: The step that redacted the dataset.
    step_id: object
    path: Path

    @classmethod
    def parse(cls, value: object) -> "Place":
        """Read a place from JSON.

        Raises:
            JobInputError: A field is missing or of the wrong type.
        """
        try:
            fields = _mapping(value)
            return cls(step_id=fields["step_id"], path=local_path(str(fields["uri"])))
        except (KeyError, TypeError) as error:
            raise JobInputError(f"a place to verify is not usable: {error}") from error


@dataclass(frozen=True, kw_only=True)
class Treated:
    """One step as verification sees it."""

    step_id: object
    method: str
    #: Where the artifact lay before and lies now.
    before: Path
    after: Path
    #: Digest that the step reported, and that its claim will name; empty for storage.
    digest: str
    manifest: Mapping[str, object]
    #: The recorded training as JSON, None for storage.
    training: Mapping[str, object] | None
    #: How a synthetic dataset was sampled, as JSON.
    sampling: Mapping[str, object] | None

    @classmethod
    def parse(cls, value: Mapping[str, object]) -> "Treated":
        """Read a step from JSON.

        Raises:
            JobInputError: A field is missing or of the wrong type.
        """
        try:
            artifact, after = _mapping(value["artifact"]), _mapping(value["after"])
            training, sampling = value.get("training"), value.get("synthesis")
            return cls(
                step_id=value["step_id"],
                method=str(value["method"]),
                before=_place(artifact),
                after=_place(after),
                digest=str(after.get("digest") or ""),
                manifest=_mapping(after.get("manifest") or {}),
                training=_mapping(training) if training else None,
                sampling=_mapping(sampling) if sampling else None,
            )
        except (KeyError, TypeError) as error:
            raise JobInputError(f"a step to verify is not usable: {error}") from error

    def need_training(self) -> Training:
        """Return the recorded training.

        Raises:
            JobInputError: None was recorded, or it is not usable.
        """
        return Training.parse(self.training)

    def need_sampling(self) -> Sampling:
        """Return how the synthetic dataset was sampled.

        Raises:
            JobInputError: It was not recorded, or it is not usable.
        """
        return Sampling.parse(self.sampling)

    @property
    def why_nothing_to_attack(self) -> str:
        """Say why there is no forgotten record to attack the model with."""
        if self.manifest.get("forget_set"):
            return "the copy of the forgotten rows is not at hand"
        return "no record lies in its own training data"


def _place(value: Mapping[str, object]) -> Path:
    """Where the files lie; a comparison of an artifact with itself would always pass."""
    if not value.get("model_dir"):
        raise KeyError("model_dir")
    return local_path(str(value["model_dir"]))


def _mapping(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise TypeError(f"{value!r} is not an object")
    return value
