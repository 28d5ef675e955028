"""How the embedded MLflow tracking server is started; this module never imports MLflow."""

import os
import sys
import urllib.request
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlsplit

import psycopg

from config.embedded.errors import ServiceError
from config.embedded.paths import database_url
from config.embedded.postgres import create_database
from config.embedded.process import Command


def mlflow_command(*, state: Path, port: int, database_url: str) -> Command:
    """The tracking server on loopback: its rows in PostgreSQL, its files in the state folder.

    Args:
        state: the installation's state folder.
        port: the loopback port to listen on.
        database_url: libpq address of MLflow's own database.
    """
    artifacts = state / "mlartifacts"
    scheme, _, rest = database_url.partition("://")
    return Command(
        name="mlflow",
        argv=[
            sys.executable,
            *("-m", "mlflow", "server"),
            *("--host", "127.0.0.1"),
            *("--port", str(port)),
            *("--workers", "1"),
            *("--backend-store-uri", f"{scheme}+psycopg://{rest}"),
            *("--artifacts-destination", artifacts.as_uri()),
            "--serve-artifacts",
            *("--allowed-hosts", f"127.0.0.1:{port},localhost:{port}"),
        ],
        state=state,
        environment={
            **os.environ,
            # Otherwise the server keeps eleven processes for features that are not used here.
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "PYTHONWARNINGS": "ignore",
        },
    )


def answers(url: str) -> bool:
    """Whether a web server answers a GET with success."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=2):
            return True
    except (URLError, OSError):
        return False


def mlflow_database() -> str:
    """Make MLflow's own database beside ours, for its tables must not mix with ours.

    Returns:
        Its libpq address.

    Raises:
        ServiceError: the server refuses.
    """
    parts = urlsplit(database_url())
    name = f"{parts.path.removeprefix('/')}_mlflow"
    try:
        create_database(database_url(), name)
    except psycopg.Error as error:
        raise ServiceError(
            f"The database {name} cannot be created ({str(error).strip()}): "
            "create it by hand, or set MLFLOW_TRACKING_URI to an MLflow server of your own."
        ) from error
    query = f"?{parts.query}" if parts.query else ""
    return f"postgresql://{parts.netloc}/{name}{query}"
