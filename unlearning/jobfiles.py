"""The job's input and output as values; :mod:`unlearning.runner` documents their JSON."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from unlearning.digests import json_digest
from unlearning.verification import Finding

#: Called with the fraction done, 0.0 to 1.0, and a message.
Report: TypeAlias = Callable[[float, str], None]


class JobInputError(Exception):
    """The job's input cannot be carried out."""


@dataclass(frozen=True, kw_only=True)
class Training:
    """A recorded training that can be repeated."""

    recipe: str
    params: Mapping[str, str]
    seed: int
    #: Locations of the datasets trained on.
    datasets: tuple[str, ...]
    #: Locations of held-out datasets, only ever evaluated on.
    held_out: tuple[str, ...] = ()
    base: "Training | None" = None

    @classmethod
    def parse(cls, value: object) -> "Training":
        """Read a training from JSON.

        Raises:
            JobInputError: A field is missing or of the wrong type.
        """
        fields = _mapping(value, "training")
        datasets = [_mapping(item, "training.datasets") for item in _list(fields, "datasets")]
        evaluated = [item for item in datasets if item.get("relation") == "evaluated_on"]
        try:
            return cls(
                recipe=str(fields["recipe"]),
                params={str(k): str(v) for k, v in _mapping(fields["params"], "params").items()},
                seed=int(str(fields["seed"])),
                datasets=tuple(str(item["uri"]) for item in datasets if item not in evaluated),
                held_out=tuple(str(item["uri"]) for item in evaluated),
                base=cls.parse(fields["base"]) if fields.get("base") else None,
            )
        except (KeyError, ValueError) as error:
            raise JobInputError(f"the training is not usable: {error}") from error

    @property
    def key(self) -> str:
        """Digest of what determines the weights: equal keys train equal models."""
        return json_digest(
            [
                self.recipe,
                dict(self.params),
                self.seed,
                list(self.datasets),
                self.base.key if self.base else None,
            ]
        )


@dataclass(frozen=True, kw_only=True)
class StepInput:
    """What a method gets."""

    method: str
    #: The forget set.
    record_ids: frozenset[str]
    #: The artifact as captured: id, name, kind, digest, model_dir.
    artifact: Mapping[str, object]
    #: Where the artifact's files lie; None for a product.
    model_dir: Path | None
    training: Training | None
    #: Seed of the method itself.
    seed: int
    #: The only directory that the method may write to.
    out: Path

    def need_training(self) -> Training:
        """Return the recorded training.

        Raises:
            JobInputError: None was recorded.
        """
        if self.training is None or not self.training.datasets:
            raise JobInputError(f"{self.method} needs the recorded training of the artifact")
        return self.training

    def need_model_dir(self) -> Path:
        """Return the directory of the artifact's files.

        Raises:
            JobInputError: It is not on this machine.
        """
        if self.model_dir is None or not self.model_dir.is_dir():
            raise JobInputError(f"{self.method} needs the artifact's files at {self.model_dir}")
        return self.model_dir


@dataclass(frozen=True, kw_only=True)
class StepOutput:
    """What a method leaves."""

    model_dir: Path | None = None
    digest: str | None = None
    seconds: float
    manifest: Mapping[str, object] = field(default_factory=dict)
    details: Mapping[str, object] = field(default_factory=dict)
    evidence: tuple[Finding, ...] = ()

    def to_json(self) -> dict[str, object]:
        """Return the JSON of ``result.json``."""
        return {
            "model_dir": str(self.model_dir) if self.model_dir else None,
            "digest": self.digest,
            "seconds": round(self.seconds, 3),
            "manifest": dict(self.manifest),
            "details": dict(self.details),
            "evidence": [finding.to_json() for finding in self.evidence],
        }


def _list(fields: Mapping[str, object], name: str) -> list[object]:
    value = fields.get(name) or []
    if not isinstance(value, list):
        raise JobInputError(f"training.{name} must be a list")
    return value


def _mapping(value: object, name: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise JobInputError(f"{name} must be an object")
    return value
