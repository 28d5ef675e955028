"""What was replaced leaves MLflow: files through the tracking server, versions, logged models.

MLflow is imported inside the functions: only workers call them. Every function can be repeated.
MLflow marks versions and logged models as deleted and keeps their rows; their files are gone.
"""

import posixpath
from pathlib import Path
from typing import Any

from django.conf import settings

from unlearning.registry import NOT_FOUND, connect, download, versions_of


def fetch_files(*, location: str, to: Path) -> Path | None:
    """Bring what the tracking server holds at a location to this machine; None for nothing."""
    if not files_left(location):
        return None
    to.mkdir(parents=True, exist_ok=True)
    return download(location=location, to=to)


def delete_files(location: str) -> None:
    """Delete the files at a location that the tracking server holds."""
    _repository(location).delete_artifacts()


def files_left(location: str) -> int:
    """List a location of the tracking server again, with the folders in it; count the files."""
    repository = _repository(location)
    waiting: list[str | None] = [None]
    files = 0
    while waiting:
        for item in repository.list_artifacts(waiting.pop()):
            if item.is_dir:
                waiting.append(posixpath.normpath(item.path))
            else:
                files += 1
    return files


def aliases_on(model_id: str) -> list[str]:
    """Name the aliases that point at a version of a logged model, e.g. ``income-sisa@pilot``."""
    client = connect()
    found = []
    for version in versions_of(client, model_id):
        aliases = client.get_registered_model(version.name).aliases or {}
        found += [
            f"{version.name}@{alias}"
            for alias, number in aliases.items()
            if str(number) == str(version.version)
        ]
    return sorted(found)


def delete_entries(model_id: str) -> None:
    """Delete the registered versions of a logged model, then the logged model."""
    from mlflow.exceptions import MlflowException  # noqa: PLC0415 - workers only

    client = connect()
    for version in versions_of(client, model_id):
        client.delete_model_version(version.name, str(version.version))
    try:
        client.delete_logged_model(model_id)
    except MlflowException as error:
        if error.error_code != NOT_FOUND:
            raise


def _repository(location: str) -> Any:  # noqa: ANN401 - MLflow types only some of it
    from mlflow.store.artifact.artifact_repository_registry import (  # noqa: PLC0415 - workers only
        get_artifact_repository,
    )

    connect()
    return get_artifact_repository(location, tracking_uri=settings.MLFLOW_TRACKING_URI)
