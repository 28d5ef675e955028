"""What an MLflow tracking server shows at one moment, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

#: Begins the identity of every logged model.
MODEL_PREFIX = "mlflow-model:"


@dataclass(frozen=True, kw_only=True)
class SeenDataset:
    """A dataset input of a run."""

    name: str
    #: JSON as MLflow keeps it.
    source: str
    #: Value of the tag ``mlflow.data.context``, or empty.
    context: str = ""


@dataclass(frozen=True, kw_only=True)
class SeenRun:
    """An active run."""

    run_id: str
    name: str
    status: str
    started_at: datetime | None
    ended_at: datetime | None
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    #: Metric ``train_seconds`` where it was logged.
    train_seconds: float | None = None
    datasets: tuple[SeenDataset, ...] = ()
    model_inputs: tuple[str, ...] = ()
    model_outputs: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SeenModel:
    """A logged model, or a registered version from the time before logged models."""

    identity: str
    model_id: str
    name: str
    location: str
    created_at: datetime | None
    #: Run that made it, or empty.
    run_id: str = ""
    model_type: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class SeenVersion:
    """A version of a registered model."""

    name: str
    version: str
    #: Identity of the model behind it.
    model: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SeenRegistered:
    """A registered model."""

    name: str
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class SeenState:
    """All that MLflow shows at one moment."""

    observed_at: datetime
    runs: tuple[SeenRun, ...] = ()
    models: tuple[SeenModel, ...] = ()
    versions: tuple[SeenVersion, ...] = ()
    registered: tuple[SeenRegistered, ...] = ()


def model_identity(model_id: str) -> str:
    """The one name of a logged model."""
    return f"{MODEL_PREFIX}{model_id}"
