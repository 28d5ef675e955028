"""Reading everything that an MLflow tracking server shows. Imports MLflow only when called."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from lineage.capture.locations import normalise_location
from lineage.capture.mlflow_state import (
    SeenDataset,
    SeenModel,
    SeenRegistered,
    SeenRun,
    SeenState,
    SeenVersion,
    model_identity,
)

CONTEXT_TAG = "mlflow.data.context"
#: Rows a page; pages are followed to the end.
PAGE = 500
#: Experiments a question; keeps one search under the limits of the tracking server.
EXPERIMENTS = 50


def read_state(tracking_uri: str, observed_at: datetime) -> SeenState:
    """Read all active runs, logged models, registered models, versions and aliases.

    Args:
        tracking_uri: Of the tracking server or store; the registry is taken to be the same.
        observed_at: The moment to put on what is seen.
    """
    from mlflow import MlflowClient  # noqa: PLC0415 - the web process must never load MLflow

    client = MlflowClient(tracking_uri=tracking_uri, registry_uri=tracking_uri)
    experiments = [e.experiment_id for e in _all(client.search_experiments, max_results=PAGE)]
    runs: list[SeenRun] = []
    models: list[SeenModel] = []
    for start in range(0, len(experiments), EXPERIMENTS):
        some = experiments[start : start + EXPERIMENTS]
        # A search leaves out which models a run read, so each run is asked for by itself.
        runs += (
            _run(client.get_run(found.info.run_id))
            for found in _all(client.search_runs, experiment_ids=some, max_results=PAGE)
        )
        models += map(
            _model,
            _all(client.search_logged_models, experiment_ids=some, max_results=PAGE),
        )
    registered = list(_all(client.search_registered_models, max_results=PAGE))
    raw_versions = list(_all(client.search_model_versions, max_results=PAGE))
    return SeenState(
        observed_at=observed_at,
        runs=tuple(runs),
        models=(*models, *(_legacy_model(v) for v in raw_versions if not _model_id(v))),
        versions=tuple(_version(v, registered) for v in raw_versions),
        registered=tuple(SeenRegistered(name=m.name, tags=dict(m.tags)) for m in registered),
    )


def _all(search: Callable[..., Any], **question: Any) -> Iterable[Any]:  # noqa: ANN401 - MLflow ships no types
    """Follow every page of a search to its end."""
    token = None
    while True:
        page = search(**question, page_token=token)
        yield from page
        token = page.token
        if not token:
            return


def _moment(milliseconds: int | None) -> datetime | None:
    return datetime.fromtimestamp(milliseconds / 1000, tz=UTC) if milliseconds else None


def _run(run: Any) -> SeenRun:  # noqa: ANN401 - MLflow ships no types
    inputs = run.inputs
    outputs = run.outputs
    return SeenRun(
        run_id=run.info.run_id,
        name=run.info.run_name or "",
        status=run.info.status,
        started_at=_moment(run.info.start_time),
        ended_at=_moment(run.info.end_time),
        params=dict(run.data.params),
        tags={k: v for k, v in run.data.tags.items() if not k.startswith("mlflow.log-model")},
        train_seconds=run.data.metrics.get("train_seconds"),
        datasets=tuple(
            SeenDataset(
                name=item.dataset.name,
                source=item.dataset.source,
                context=next((t.value for t in item.tags if t.key == CONTEXT_TAG), ""),
            )
            for item in (inputs.dataset_inputs if inputs else [])
        ),
        model_inputs=tuple(m.model_id for m in (inputs.model_inputs or [] if inputs else [])),
        model_outputs=tuple(m.model_id for m in (outputs.model_outputs if outputs else [])),
    )


def _model(model: Any) -> SeenModel:  # noqa: ANN401 - MLflow ships no types
    return SeenModel(
        identity=model_identity(model.model_id),
        model_id=model.model_id,
        name=model.name,
        location=normalise_location(model.artifact_location),
        created_at=_moment(model.creation_timestamp),
        run_id=model.source_run_id or "",
        model_type=model.model_type or "",
        params=dict(model.params or {}),
        tags=dict(model.tags or {}),
    )


def _model_id(version: Any) -> str:  # noqa: ANN401 - MLflow ships no types
    """Id of the logged model; some stores return it only inside the source ``models:/m-…``."""
    source = version.source or ""
    named = source.removeprefix("models:/") if source.startswith("models:/m-") else ""
    return version.model_id or named


def _legacy_identity(version: Any) -> str:  # noqa: ANN401 - MLflow ships no types
    return f"mlflow-version:{version.name}/{version.version}"


def _legacy_model(version: Any) -> SeenModel:  # noqa: ANN401 - MLflow ships no types
    """A version that was registered from a run's files, without a logged model."""
    return SeenModel(
        identity=_legacy_identity(version),
        model_id="",
        name=version.name,
        location=normalise_location(version.source or ""),
        created_at=_moment(version.creation_timestamp),
        run_id=version.run_id or "",
        tags=dict(version.tags or {}),
    )


def _version(version: Any, registered: list[Any]) -> SeenVersion:  # noqa: ANN401 - MLflow ships no types
    aliases = next((m.aliases or {} for m in registered if m.name == version.name), {})
    model_id = _model_id(version)
    return SeenVersion(
        name=version.name,
        version=str(version.version),
        model=model_identity(model_id) if model_id else _legacy_identity(version),
        aliases=tuple(sorted(a for a, v in aliases.items() if str(v) == str(version.version))),
    )
