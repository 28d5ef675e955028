"""The stack starts what is needed, brings back what was killed, and leaves nothing behind."""

import json
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config.embedded.mlflow import answers
from config.embedded.postgres import EmbeddedPostgres
from config.embedded.process import start_time
from config.embedded.stack import Stack

pytestmark = pytest.mark.long


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    monkeypatch.setenv("VESTIGE_HOME", str(tmp_path))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("BROKER_URL", raising=False)
    # Named, so not started: MLflow's first start takes as long as everything else together.
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    try:
        with Stack(port=port) as running:
            yield running
    finally:
        EmbeddedPostgres(tmp_path).remove()


def test_what_is_killed_comes_back_and_what_was_started_is_stopped(stack: Stack) -> None:
    assert answers(f"{stack.url}/login")
    before = _pids(stack)
    assert set(before) == {"job-worker", "postgres", "relay", "valkey", "web", "worker"}
    for name in ("postgres", "valkey", "web", "worker", "job-worker"):
        os.kill(before[name], signal.SIGKILL)
    killed = {before["web"], before["worker"], before["job-worker"]}
    _eventually(lambda: not set(_pids(stack).values()) & killed)
    _eventually(lambda: answers(f"{stack.url}/login"))
    after = _pids(stack)
    stack.stop()
    assert not [name for name, pid in after.items() if start_time(pid)]
    assert not answers(f"{stack.url}/login")


def _pids(stack: Stack) -> dict[str, int]:
    found = {}
    for record in (stack.state / "pids").glob("*.json"):
        text = record.read_text()
        if text:  # empty while it is being written
            found[record.stem] = json.loads(text)["pid"]
    return found


def _eventually(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline, "it did not happen within a minute"
        time.sleep(0.1)
