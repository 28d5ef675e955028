"""A bench kills what it says: under the name of the worker, the workers of every queue."""

import os
import shutil
import sys
from collections.abc import Iterator

import pytest

from bench.kit.installation import PROGRAMS, Installation, wait_for
from config.embedded.process import Child, Command


@pytest.fixture
def installation() -> Iterator[Installation]:
    found = Installation(settings={})
    yield found
    shutil.rmtree(found.home)


def started(installation: Installation, name: str) -> Child:
    """A program of this name that does nothing."""
    return Child(
        Command(
            name=name,
            argv=[sys.executable, "-c", "import time; time.sleep(60)"],
            state=installation.home,
            environment=dict(os.environ),
        )
    )


def test_killing_the_worker_kills_the_workers_of_jobs_too(installation: Installation) -> None:
    workers = [started(installation, name) for name in ("worker", "job-worker")]
    relay = started(installation, "relay")
    try:
        assert installation.kill("worker")
        wait_for(
            lambda: not any(worker.is_alive() for worker in workers),
            seconds=10,
            what="both workers to die",
        )
        assert relay.is_alive()
        assert {"worker", "job-worker", "relay"} <= set(PROGRAMS)
    finally:
        for child in (*workers, relay):
            child.stop()
