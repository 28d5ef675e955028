"""A real MLflow tracking server, for the tests of what is published and destroyed there."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session")
def tracking_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A tracking server that holds the files itself, as the embedded one does."""
    folder = tmp_path_factory.mktemp("mlflow-server")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1"),
                *("--port", str(port), "--workers", "1", "--serve-artifacts"),
                *("--backend-store-uri", f"sqlite:///{folder / 'mlflow.db'}"),
                *("--artifacts-destination", (folder / "files").as_uri()),
            ],
            cwd=folder,
            stdout=log,
            stderr=log,
            env={
                **os.environ,
                "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
                "MLFLOW_DISABLE_TELEMETRY": "true",
                "PYTHONWARNINGS": "ignore",
            },
        )
    address = f"http://127.0.0.1:{port}"
    end = time.monotonic() + 120
    while not answers(f"{address}/health"):
        assert time.monotonic() < end, (folder / "log").read_text()[-2000:]
        time.sleep(0.2)
    yield address
    process.terminate()
    process.wait()


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=1):  # noqa: S310 - our own
            return True
    except OSError:
        return False
