"""How the company's scripts speak to MLflow: plain MLflow, nothing of Vestige's but a few tags."""

import json
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import mlflow
from mlflow import MlflowClient
from mlflow.entities import (
    Dataset,
    DatasetInput,
    InputTag,
    LoggedModel,
    LoggedModelInput,
    LoggedModelOutput,
)
from mlflow.exceptions import MlflowException

from unlearning.data import segment_files
from unlearning.digests import file_digest, json_digest, weights_digest

EXPERIMENT = "example-company"
PRODUCTION = "production"


@dataclass(frozen=True, kw_only=True)
class Work:
    """A run in progress and the folder in which it makes its model."""

    client: MlflowClient
    run_id: str
    experiment_id: str
    model_dir: Path


def connect() -> MlflowClient:
    """Connect to the server that ``MLFLOW_TRACKING_URI`` names."""
    # Its notes about every run would scroll the progress of the training away.
    logging.getLogger("mlflow").setLevel(logging.WARNING)
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
    mlflow.set_experiment(EXPERIMENT)
    return MlflowClient()


def dataset(directory: Path, *, context: str) -> DatasetInput:
    """Describe a dataset to MLflow: its name, its content, and its directory as the source."""
    content = json_digest([file_digest(segment) for segment in segment_files(directory)])
    return DatasetInput(
        Dataset(
            name=directory.name,
            digest=content.removeprefix("sha256:")[:32],  # MLflow keeps 36 characters
            source_type="local",
            source=json.dumps({"uri": directory.resolve().as_uri()}),
        ),
        tags=[InputTag("mlflow.data.context", context)],
    )


@contextmanager
def run(
    name: str,
    *,
    params: Mapping[str, object],
    tags: Mapping[str, str],
    train: Path,
    evaluate: Path | None = None,
) -> Iterator[Work]:
    """Open a run that records what it reads."""
    client = connect()
    folder = Path(tempfile.mkdtemp(prefix="company-"))
    try:
        with mlflow.start_run(run_name=name, tags=dict(tags)) as active:
            mlflow.log_params(dict(params))
            inputs = [dataset(train, context="training")]
            if evaluate is not None:
                inputs.append(dataset(evaluate, context="evaluation"))
            client.log_inputs(active.info.run_id, datasets=inputs)
            yield Work(
                client=client,
                run_id=active.info.run_id,
                experiment_id=active.info.experiment_id,
                model_dir=folder / "model",
            )
    finally:
        shutil.rmtree(folder)


def used_model(work: Work, model_id: str) -> None:
    """Record that the run read a model."""
    work.client.log_inputs(work.run_id, models=[LoggedModelInput(model_id)])


def log_model(  # noqa: PLR0913 - everything that is recorded of a model, by name
    work: Work,
    name: str,
    *,
    params: Mapping[str, object],
    tags: Mapping[str, str],
    model_type: str,
    metrics: Mapping[str, float],
) -> LoggedModel:
    """Log the model directory and register it under its name, alias ``production``."""
    mlflow.log_metrics(dict(metrics))
    model = log_files(work, name, work.model_dir, params=params, tags=tags, model_type=model_type)
    _register(work, name, model)
    return model


def log_files(  # noqa: PLR0913 - the same
    work: Work,
    name: str,
    directory: Path,
    *,
    params: Mapping[str, object],
    tags: Mapping[str, str],
    model_type: str,
    step: int = 0,
) -> LoggedModel:
    """Log a directory of weights as a model that the run made, without registering it."""
    model = mlflow.initialize_logged_model(
        name=name,
        source_run_id=work.run_id,
        params={key: str(value) for key, value in params.items()},
        tags={**tags, "vestige.digest": weights_digest(directory)},
        model_type=model_type,
    )
    work.client.log_model_artifacts(model.model_id, str(directory))
    work.client.finalize_logged_model(model.model_id, "READY")
    work.client.log_outputs(work.run_id, [LoggedModelOutput(model.model_id, step=step)])
    return model


def production(client: MlflowClient, name: str) -> LoggedModel | None:
    """Return the model that a registered name has in production, None where there is none."""
    try:
        version = client.get_model_version_by_alias(name, PRODUCTION)
    except MlflowException:
        return None
    # A SQL store keeps the model's id only in the source.
    return client.get_logged_model(str(version.source).removeprefix("models:/"))


def need_production(client: MlflowClient, name: str) -> LoggedModel:
    """Return the model that a registered name has in production.

    Raises:
        SystemExit: There is none; the sentence says what to run first.
    """
    model = production(client, name)
    if model is None:
        raise SystemExit(f"train {name} first: it is not in production")
    return model


def download(model: LoggedModel, folder: Path) -> Path:
    """Copy a model's files from the server into a folder."""
    return Path(
        mlflow.artifacts.download_artifacts(
            artifact_uri=model.artifact_location, dst_path=str(folder)
        )
    )


def _register(work: Work, name: str, model: LoggedModel) -> None:
    try:
        work.client.create_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    version = work.client.create_model_version(
        name, source=f"models:/{model.model_id}", run_id=work.run_id, model_id=model.model_id
    )
    work.client.set_registered_model_alias(name, PRODUCTION, version.version)
