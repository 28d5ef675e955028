"""The job's input and output as values; :mod:`unlearning.runner` documents their JSON."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from unlearning.data import local_path
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
    #: Of a merge: the models that it brings into one, by name.
    merged: Mapping[str, "Training"] = field(default_factory=dict)
    #: It may read no dataset at all and only work over other models, as a quantisation does.
    without_rows: bool = False
    #: How those of the datasets came to be that were sampled from a model, by location.
    samplings: Mapping[str, "Sampling"] = field(default_factory=dict)

    @classmethod
    def parse(cls, value: object) -> "Training":
        """Read a training from JSON.

        Raises:
            JobInputError: A field is missing or of the wrong type.
        """
        fields = _mapping(value, "training")
        datasets = [_mapping(item, "training.datasets") for item in _list(fields, "datasets")]
        evaluated = [item for item in datasets if item.get("relation") == "evaluated_on"]
        used = [item for item in datasets if item not in evaluated]
        try:
            return cls(
                recipe=str(fields["recipe"]),
                params=_params(fields["params"]),
                seed=int(str(fields["seed"])),
                datasets=tuple(str(item["uri"]) for item in used),
                held_out=tuple(str(item["uri"]) for item in evaluated),
                base=cls.parse(fields["base"]) if fields.get("base") else None,
                merged={
                    str(name): cls.parse(source)
                    for name, source in sorted(
                        _mapping(fields.get("merged") or {}, "merged").items()
                    )
                },
                without_rows=fields.get("without_rows") is True,
                samplings={
                    str(item["uri"]): Sampling.parse(item["synthesis"])
                    for item in used
                    if item.get("synthesis")
                },
            )
        except (KeyError, ValueError) as error:
            raise JobInputError(f"the training is not usable: {error}") from error

    @property
    def before(self) -> "tuple[Training, ...]":
        """The trainings of the models that it was made from directly."""
        return (*((self.base,) if self.base else ()), *self.merged.values())

    @property
    def lineage(self) -> "tuple[Training, ...]":
        """This training and those of the models it was made from, nearest first."""
        return (self, *(part for training in self.before for part in training.lineage))

    @property
    def only_recasts(self) -> bool:
        """Whether it reads no rows and only works over other models."""
        return self.without_rows and bool(self.before) and not self.datasets

    @property
    def rows(self) -> tuple[str, ...]:
        """Locations of what it was trained on; where it only recasts others, of what they were."""
        if not self.only_recasts:
            return self.datasets
        return tuple(dict.fromkeys(uri for training in self.before for uri in training.rows))

    @property
    def inherits_from_afar(self) -> bool:
        """Whether records may have come to it otherwise than by its own rows or its base's."""
        deeper = any(len(training.lineage) > 1 for training in self.before)
        return self.inherits_from_sampled_rows or deeper

    @property
    def inherits_from_sampled_rows(self) -> bool:
        """Whether it, or a model it started from, was trained on sampled rows."""
        return any(training.samplings for training in self.lineage)

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
                {name: source.key for name, source in self.merged.items()},
            ]
        )


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """A recorded sampling of a synthetic dataset that can be repeated."""

    recipe: str
    params: Mapping[str, str]
    seed: int
    #: How the generator, the model that is sampled from, was trained.
    training: Training

    @classmethod
    def parse(cls, value: object) -> "Sampling":
        """Read a sampling from JSON.

        Raises:
            JobInputError: A field is missing or of the wrong type.
        """
        fields = _mapping(value, "synthesis")
        try:
            return cls(
                recipe=str(fields["recipe"]),
                params=_params(fields["params"]),
                seed=int(str(fields["seed"])),
                training=Training.parse(fields["training"]),
            )
        except (KeyError, ValueError) as error:
            raise JobInputError(f"the synthesis is not usable: {error}") from error

    @property
    def key(self) -> str:
        """Digest of what determines the rows: equal keys sample equal datasets."""
        return json_digest([self.recipe, dict(self.params), self.seed, self.training.key])


@dataclass(frozen=True, kw_only=True)
class Generator:
    """The model that a synthetic dataset is sampled from anew."""

    #: Digest of its weights, as recorded of the step that made it.
    digest: str
    model_dir: Path

    @classmethod
    def parse(cls, value: object) -> "Generator":
        """Read a generator from JSON.

        Raises:
            JobInputError: A field is missing or of the wrong type.
        """
        fields = _mapping(value, "synthesis.generator")
        if not fields.get("digest") or not fields.get("model_dir"):
            raise JobInputError("the generator has no digest or no files")
        return cls(digest=str(fields["digest"]), model_dir=local_path(str(fields["model_dir"])))


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
    #: Of a synthetic dataset: how it was sampled, and the model to sample from now.
    sampling: Sampling | None = None
    generator: Generator | None = None
    #: Who received a copy: ``name`` and ``address``; for a notice.
    recipient: Mapping[str, str] = field(default_factory=dict)

    def need_training(self) -> Training:
        """Return the recorded training.

        Raises:
            JobInputError: None was recorded.
        """
        training = self.training
        if training is None or not (training.datasets or training.only_recasts):
            raise JobInputError(f"{self.method} needs the recorded training of the artifact")
        return training

    def need_model_dir(self) -> Path:
        """Return the directory of the artifact's files.

        Raises:
            JobInputError: It is not on this machine.
        """
        if self.model_dir is None or not self.model_dir.is_dir():
            raise JobInputError(f"{self.method} needs the artifact's files at {self.model_dir}")
        return self.model_dir

    def need_sampling(self) -> tuple[Sampling, Generator]:
        """Return how the dataset was sampled, and the model to sample from.

        Raises:
            JobInputError: It was not recorded, or the generator's files are not on this machine.
        """
        if self.sampling is None or self.generator is None:
            raise JobInputError(f"{self.method} needs the recorded synthesis of the dataset")
        if not self.generator.model_dir.is_dir():
            raise JobInputError(f"there is no generator at {self.generator.model_dir}")
        return self.sampling, self.generator


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


def _params(value: object) -> dict[str, str]:
    return {str(k): str(v) for k, v in _mapping(value, "params").items()}


def _mapping(value: object, name: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise JobInputError(f"{name} must be an object")
    return value
