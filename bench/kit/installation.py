"""An installation of a bench's own: its state in a temporary folder, its servers on free ports."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, Self, TypeVar

import psycopg

from bench.kit.killing import Process, jobs_of, kill_groups, process_in, programs_of
from config.embedded.errors import ServiceError
from config.embedded.mlflow import answers
from config.embedded.paths import BASE_DIR, embedded_database_url
from config.embedded.process import Child, Command, uninterrupted

#: The programs that ``vestige up`` keeps running, by the names of their pid files.
PROGRAMS = ("postgres", "valkey", "mlflow", "worker", "job-worker", "relay", "web")
#: What is killed at once under one name: all workers, whichever queue they serve.
_TOGETHER = {"worker": ("worker", "job-worker")}
#: Seconds that the start of everything may take; PostgreSQL may have a crash to recover from.
START_SECONDS = 240
#: Seconds in which a PostgreSQL that was told to stop has stopped.
STOP_SECONDS = 20
#: Seconds in which ``vestige up`` must have started a program again.
AGAIN_SECONDS = 60
#: Variables that would lead to servers or settings of somebody else.
_FOREIGN = ("DATABASE_URL", "BROKER_URL", "MLFLOW_TRACKING_URI", "DJANGO_SETTINGS_MODULE")
_READY = "Vestige is at"
#: What somebody waited for.
Found = TypeVar("Found")


class Installation:
    """``vestige up`` as a child process, so that it can be killed too; a context manager.

    What it kept is removed at the end, whatever ended the bench.
    """

    def __init__(self, *, settings: dict[str, str], keep: bool = False) -> None:
        """Choose folder and ports.

        Args:
            settings: environment variables of this installation.
            keep: leave the state folder where it is, to look at afterwards.
        """
        self.home = Path(tempfile.mkdtemp(prefix="vestige-bench-")).resolve()
        self.port, self.mlflow_port = free_ports(2)
        self.url = f"http://127.0.0.1:{self.port}"
        self.mlflow_url = f"http://127.0.0.1:{self.mlflow_port}"
        own = {
            name: value
            for name, value in os.environ.items()
            if name not in _FOREIGN and not name.startswith("VESTIGE_")
        }
        #: What a program of this installation needs to find it.
        self.environment = {
            **own,
            "VESTIGE_HOME": str(self.home),
            "VESTIGE_DATA_ROOTS": str(self.home / "company"),
            "VESTIGE_URL": self.url,
            "VESTIGE_MLFLOW_PORT": str(self.mlflow_port),
            "VESTIGE_INSECURE_HTTP": "1",
            "MLFLOW_TRACKING_URI": self.mlflow_url,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            # This checkout first, wherever the bench was started from.
            "PYTHONPATH": os.pathsep.join([str(BASE_DIR), str(BASE_DIR / "requests")]),
            **settings,
        }
        self._keep = keep
        self._supervisor: Child | None = None

    def __enter__(self) -> Self:
        with ExitStack() as failing:
            failing.callback(self._end)
            self.start()
            failing.pop_all()
        return self

    def __exit__(self, *_error: object) -> None:
        self._end()

    def start(self) -> None:
        """Start everything, again if need be, and wait until it answers.

        Raises:
            ServiceError: it does not.
        """
        if self._supervisor is not None:
            self._supervisor.stop()  # takes the exit status of a killed one
        # The supervisor starts its own MLflow: only its callers are told of one.
        environment = {k: v for k, v in self.environment.items() if k not in _FOREIGN}
        child = Child(
            Command(
                name="supervisor",
                argv=[sys.executable, *("-m", "vestige", "up", "--port", str(self.port))],
                state=self.home,
                environment=environment,
            )
        )
        self._supervisor = child
        child.wait_until(lambda: _READY in child.output(), seconds=START_SECONDS)

    def is_up(self) -> bool:
        """Whether every program runs and the two web servers answer."""
        return (
            self._supervisor is not None
            and self._supervisor.is_alive()
            and all(self.process_of(name) for name in PROGRAMS)
            and answers(f"{self.url}/login")
            and answers(f"{self.mlflow_url}/health")
        )

    def process_of(self, program: str) -> Process | None:
        """The process of a program, None while it does not run."""
        return process_in(self.home / "pids" / f"{program}.json")

    def kill(self, program: str) -> bool:
        """``kill -9`` one program with its process group; ``worker`` means all workers.

        PostgreSQL's own processes have left the group: they notice that their parent is gone, as
        after ``pg_ctl stop -m immediate``.

        Returns:
            Whether it died of it.

        Raises:
            ServiceError: the program does not run and is not started again.
        """
        names = _TOGETHER.get(program, (program,))
        running = [
            wait_for(partial(self.process_of, name), seconds=AGAIN_SECONDS, what=f"{name} to run")
            for name in names
        ]
        return kill_groups(running)

    def kill_everything(self) -> bool:
        """``kill -9`` the supervisor first, so that it starts nothing again, then all the rest.

        Returns:
            Whether the supervisor died of it, and nothing else lives on.
        """
        return kill_groups([*programs_of(self.home), *jobs_of(self.home)])

    def kill_job(self) -> bool:
        """``kill -9`` the process of one job; whether there was one, and it died of it."""
        return kill_groups(self.job_processes()[:1])

    def job_processes(self) -> list[Process]:
        """Processes that carry out a job of this installation now."""
        return jobs_of(self.home)

    def connect(self) -> "psycopg.Connection[tuple[Any, ...]]":
        """A connection of the bench's own to the installation's database.

        Raises:
            psycopg.OperationalError: the server is away.
        """
        address = embedded_database_url(self.home)
        return psycopg.connect(address, autocommit=True, connect_timeout=5)

    def vestige(self, *words: str) -> None:
        """Run a command of the product here.

        Raises:
            ServiceError: it fails.
        """
        done = self._run(*words)
        if done.returncode:
            raise ServiceError(f"vestige {' '.join(words)} failed:\n{done.stderr}")

    def _end(self) -> None:
        """Kill what needs no clean end, and remove what was kept.

        PostgreSQL gives its shared memory back: the death of its supervisor tells it to stop
        (``config.embedded.launch``).
        """
        with uninterrupted():
            postgres = self.process_of("postgres")
            others = [found for found in programs_of(self.home) if found != postgres]
            kill_groups([*others, *jobs_of(self.home)])
            give_up = time.monotonic() + STOP_SECONDS
            while postgres and not postgres.is_gone and time.monotonic() < give_up:
                time.sleep(0.1)
            kill_groups([postgres] if postgres else [])
            if self._supervisor is not None:
                self._supervisor.stop()
            if not self._keep:
                self._remove()

    def _remove(self) -> None:
        self._run("clean", "--yes")

    def _run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, *("-m", "vestige"), *words],
            cwd=BASE_DIR,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )


def free_ports(count: int) -> tuple[int, ...]:
    """Loopback ports on which nothing listens now."""
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = tuple(int(probe.getsockname()[1]) for probe in probes)
    for probe in probes:
        probe.close()
    return ports


def wait_for(condition: Callable[[], Found | None], *, seconds: float, what: str) -> Found:
    """Wait until something is so, and return what the condition found.

    Raises:
        ServiceError: it is not within ``seconds``; the sentence names ``what``.
    """
    give_up = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > give_up:
            raise ServiceError(f"Waited {seconds:.0f} seconds in vain for {what}.")
        time.sleep(0.1)
    return found
