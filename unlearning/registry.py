"""New versions go back to MLflow: run, logged model, registered version, alias.

MLflow is imported inside the functions: only workers call them. Every function can be repeated
after a crash; what it would make is looked up first by the tag ``vestige.step``.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings

from lineage.exposure import OPTIMIZER_STEP_TAG, ORDER_TAG
from unlearning.places import path_here

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import LoggedModel, Run
    from mlflow.entities.model_registry import ModelVersion

STEP_TAG = "vestige.step"
PRODUCTION = "production"
#: What MLflow calls the error that something is not there.
NOT_FOUND = "RESOURCE_DOES_NOT_EXIST"
#: Tags that tell where a model came from or what it holds: never copied to its successor.
_OWN_TAGS = frozenset(
    {
        "vestige.retrained_from",
        "vestige.unlearned_from",
        "vestige.digest",
        "vestige.copies",
        ORDER_TAG,
        OPTIMIZER_STEP_TAG,
        STEP_TAG,
    }
)


@dataclass(frozen=True, kw_only=True)
class NewVersion:
    """A model that a step made, before it is published."""

    #: Names the step; the key under which a repeated publication finds its first.
    step_key: str
    #: MLflow id of the model that it replaces.
    old_model_id: str
    #: ``vestige.retrained_from`` or ``vestige.unlearned_from``.
    supersession_tag: str
    #: The new model's directory; published whole.
    model_dir: Path
    digest: str
    #: Seconds of one full training, kept for the next cost estimate; None leaves it out.
    train_seconds: float | None
    #: Seconds that this step took.
    unlearn_seconds: float
    #: MLflow ids of models that the new one was made from.
    model_inputs: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    #: Whether it becomes a version of the registered model that the old one belongs to.
    register: bool = True


@dataclass(frozen=True, kw_only=True)
class Published:
    """Where the new model stands."""

    model_id: str
    run_id: str
    #: Registered model and version; empty where the old model was never registered.
    registered_name: str
    version: str


def publish(new: NewVersion) -> Published:
    """Publish a model once, however often this is called.

    Call under the step's effect lock: it guarantees that looking up and making are not interleaved
    with another worker's.
    """
    client = connect()
    old = client.get_logged_model(new.old_model_id)
    run = _run(client, new, old)
    model = _logged_model(client, new, old, run)
    versions = versions_of(client, old.model_id) if new.register else []
    name = str(versions[0].name) if versions else ""
    version = _version(client, new, name, model, run) if name else ""
    return Published(
        model_id=model.model_id, run_id=run.info.run_id, registered_name=name, version=version
    )


def promote(*, registered_name: str, version: str) -> None:
    """Move the alias ``production`` to a version; harmless when repeated."""
    if production_version(registered_name) != version:
        connect().set_registered_model_alias(registered_name, PRODUCTION, version)


def production_version(registered_name: str) -> str:
    """Read which version is in production.

    Returns:
        An empty string where none is, or where there is no such registered model.

    Raises:
        MlflowException: The tracking server does not say.
    """
    from mlflow.exceptions import MlflowException  # noqa: PLC0415 - workers only

    try:
        aliases = connect().get_registered_model(registered_name).aliases or {}
    except MlflowException as error:
        if error.error_code != NOT_FOUND:
            raise
        return ""
    return str(aliases.get(PRODUCTION, ""))


def download(*, location: str, to: Path) -> Path:
    """Bring a model's files to this machine.

    Args:
        location: URI of the files as the graph holds it.
        to: Folder of the job attempt.

    Returns:
        The directory of the files; the original one where it is on this machine already.
    """
    path = path_here(location)
    if path is not None and path.exists():
        return path
    import mlflow  # noqa: PLC0415 - workers only

    return Path(
        mlflow.artifacts.download_artifacts(
            artifact_uri=location, dst_path=str(to), tracking_uri=settings.MLFLOW_TRACKING_URI
        )
    )


def connect() -> "MlflowClient":
    """Connect to the configured tracking server."""
    import mlflow  # noqa: PLC0415 - workers only

    mlflow.set_tracking_uri(settings.MLFLOW_TRACKING_URI)
    return mlflow.MlflowClient(tracking_uri=settings.MLFLOW_TRACKING_URI)


def _run(client: "MlflowClient", new: NewVersion, old: "LoggedModel") -> "Run":
    from mlflow.entities import Metric, Param  # noqa: PLC0415 - workers only

    experiment = old.experiment_id
    found = client.search_runs([experiment], f"tags.`{STEP_TAG}` = '{new.step_key}'")
    if found and found[0].info.status == "FINISHED":
        return found[0]
    source = client.get_run(old.source_run_id) if old.source_run_id else None
    tags = {**_kept(source.data.tags if source else {}), **new.tags, STEP_TAG: new.step_key}
    run = (
        found[0]
        if found
        else client.create_run(experiment, tags=tags, run_name=f"{old.name} (unlearned)")
    )
    now = int(time.time() * 1000)
    metrics = {"train_seconds": new.train_seconds, "unlearn_seconds": new.unlearn_seconds}
    client.log_batch(
        run.info.run_id,
        metrics=[Metric(k, v, now, 0) for k, v in metrics.items() if v is not None],
        params=[Param(k, v) for k, v in (source.data.params if source else {}).items()],
    )
    if new.model_inputs:
        from mlflow.entities import LoggedModelInput  # noqa: PLC0415 - workers only

        client.log_inputs(
            run.info.run_id, models=[LoggedModelInput(model_id) for model_id in new.model_inputs]
        )
    return run


def _logged_model(
    client: "MlflowClient", new: NewVersion, old: "LoggedModel", run: "Run"
) -> "LoggedModel":
    from mlflow.entities import LoggedModelOutput  # noqa: PLC0415 - workers only

    run_id = run.info.run_id
    found = client.search_logged_models(
        [old.experiment_id], filter_string=f"tags.`{STEP_TAG}` = '{new.step_key}'"
    )
    model = found[0] if found else _create_model(client, new, old, run_id)
    if str(model.status) != "READY":
        # A crash before this line leaves a pending model; the same files are uploaded again.
        client.log_model_artifacts(model.model_id, str(new.model_dir))
        model = client.finalize_logged_model(model.model_id, "READY")
    if run.info.status != "FINISHED":
        client.log_outputs(run_id, [LoggedModelOutput(model.model_id, step=0)])
        client.set_terminated(run_id, "FINISHED")
    return model


def _create_model(
    client: "MlflowClient", new: NewVersion, old: "LoggedModel", run_id: str
) -> "LoggedModel":
    return client.create_logged_model(
        old.experiment_id,
        name=old.name,
        source_run_id=run_id,
        model_type=old.model_type,
        params=dict(old.params or {}),
        tags={
            **_kept(old.tags or {}),
            **new.tags,
            STEP_TAG: new.step_key,
            "vestige.digest": new.digest,
            new.supersession_tag: new.old_model_id,
        },
    )


def _kept(tags: Mapping[str, str]) -> dict[str, str]:
    return {k: v for k, v in tags.items() if not k.startswith("mlflow.") and k not in _OWN_TAGS}


def versions_of(client: "MlflowClient", model_id: str) -> list["ModelVersion"]:
    """Find the registered versions of a logged model."""
    found: list[Any] = []
    token = None
    while True:
        page = client.search_model_versions(page_token=token)
        found += [
            version
            for version in page
            # A SQL store keeps the model's id only in the source.
            if getattr(version, "model_id", None) == model_id
            or version.source == f"models:/{model_id}"
        ]
        token = page.token
        if not token:
            return found


def _version(
    client: "MlflowClient", new: NewVersion, name: str, model: "LoggedModel", run: "Run"
) -> str:
    found = [
        version
        for version in client.search_model_versions(f"name = '{name}'")
        if version.tags.get(STEP_TAG) == new.step_key
    ]
    if found:
        return str(found[0].version)
    made = client.create_model_version(
        name,
        source=f"models:/{model.model_id}",
        run_id=run.info.run_id,
        model_id=model.model_id,
        tags={STEP_TAG: new.step_key},
    )
    return str(made.version)
