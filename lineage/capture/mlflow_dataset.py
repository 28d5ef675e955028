"""The dataset that an MLflow run read, found again as files. Imports MLflow only when called."""

from pathlib import Path

from lineage.capture.locations import local_path, source_location
from lineage.capture.mlflow_reader import CONTEXT_TAG
from lineage.records import MalformedRecordsError

SCHEME = "mlflow:"


def dataset_place(source: str, tracking_uri: str) -> Path:
    """Find the file or directory of a dataset that a run logged with ``mlflow.log_input``.

    Args:
        source: ``mlflow:RUN_ID``, or ``mlflow:RUN_ID/NAME`` where the run read several; the name
            may be the dataset's or its context (``training``).
        tracking_uri: Of the tracking server.

    Raises:
        MalformedRecordsError: There is no such run or dataset, several fit, or the dataset lies
            where this machine cannot read it as files.
    """
    from mlflow import MlflowClient  # noqa: PLC0415 - the web process must never load MLflow
    from mlflow.exceptions import MlflowException  # noqa: PLC0415 - the same

    run_id, _, wanted = source.removeprefix(SCHEME).partition("/")
    try:
        run = MlflowClient(tracking_uri=tracking_uri).get_run(run_id)
    except MlflowException as error:
        raise MalformedRecordsError(f"MLflow shows no run {run_id}.") from error
    inputs = run.inputs.dataset_inputs if run.inputs else []
    read = {
        (item.dataset.name, item.dataset.source)
        for item in inputs
        if not wanted or wanted == item.dataset.name or wanted in _contexts(item.tags)
    }
    if len(read) != 1:
        names = ", ".join(sorted({item.dataset.name for item in inputs})) or "none"
        raise MalformedRecordsError(
            f"The run {run_id} must have read one dataset of this name, and read {len(read)}; "
            f"name one as {SCHEME}{run_id}/NAME (it read: {names})."
        )
    [(name, described)] = read
    place = local_path(source_location(described))
    if place is None or not place.exists():
        raise MalformedRecordsError(
            f"The dataset {name} of the run {run_id} does not lie on this machine as files: copy "
            "or mount it here, and load it from there."
        )
    return place


def _contexts(tags: object) -> set[str]:
    found = tags if isinstance(tags, list) else []
    return {tag.value for tag in found if tag.key == CONTEXT_TAG}
