"""The processes of Vestige itself: web server, workers, relay, and MLflow beside them."""

import os
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from config.embedded.checks import LOOPBACK
from config.embedded.errors import ServiceError
from config.embedded.paths import BASE_DIR
from config.embedded.process import Child, Command


class Program:
    """One process that is kept running."""

    def __init__(
        self, command: Command, *, ready: Callable[[], bool] | None, seconds: float
    ) -> None:
        """Describe the process.

        Args:
            command: what to run.
            ready: whether it answers; None for one that nobody calls.
            seconds: how long its start may take.
        """
        self.name = command.name
        self._command = command
        self._ready = ready
        self._seconds = seconds
        self._child: Child | None = None

    def launch(self) -> None:
        """Start it without waiting for its answer."""
        self.stop()
        self._child = Child(self._command)

    def await_ready(self) -> None:
        """Wait until it answers.

        Raises:
            ServiceError: it was not started, ended, or is too slow.
        """
        if self._child is None:
            raise ServiceError(f"{self.name} was not started.")
        if self._ready is not None:
            self._child.wait_until(self._ready, seconds=self._seconds)

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.launch()
        self.await_ready()

    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self._child is not None and self._child.is_alive()

    def stop(self) -> None:
        """Stop it and all that it started in its group."""
        if self._child is not None:
            self._child.stop(seconds=10)


def web_command(*, state: Path, port: int, environment: Mapping[str, str]) -> Command:
    """The web interface and the API."""
    return Command(
        name="web",
        argv=[
            sys.executable,
            *("-m", "gunicorn", "config.wsgi:application"),
            *("--bind", f"{LOOPBACK}:{port}"),
            *("--workers", "2"),
            *("--threads", "4"),
            *("--chdir", str(BASE_DIR)),
            "--no-control-socket",
        ],
        state=state,
        environment=environment,
    )


def worker_command(
    *, name: str, queue: str, state: Path, environment: Mapping[str, str]
) -> Command:
    """The Celery workers of one queue of ``config.queues``."""
    return Command(
        name=name,
        argv=[
            sys.executable,
            *("-m", "celery", "--workdir", str(BASE_DIR), "-A", "config.celery:app", "worker"),
            *("--hostname", f"{name}@%h"),
            *("--queues", queue),
            *("--concurrency", "2"),
            *("--loglevel", "INFO"),
            "--without-gossip",
            "--without-mingle",
        ],
        state=state,
        environment=environment,
        # A "cold" stop: a job that is under way goes back to the queue instead of being awaited.
        stop_signal=signal.SIGQUIT,
    )


def relay_command(*, state: Path, environment: Mapping[str, str]) -> Command:
    """The process that hands the outbox to the broker."""
    return Command(
        name="relay",
        argv=[sys.executable, str(BASE_DIR / "manage.py"), "relay"],
        state=state,
        environment=environment,
    )


def child_environment(**values: str) -> dict[str, str]:
    """Our own environment with the stack's addresses, numeric libraries held to one thread."""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "OMP_NUM_THREADS": "1",
        "NO_PROXY": ",".join(filter(None, [os.environ.get("NO_PROXY"), LOOPBACK, "localhost"])),
        **values,
    }
