"""Everything Vestige needs, started in order, kept alive, and stopped together."""

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable
from types import TracebackType
from typing import IO, Protocol, Self

from config import queues
from config.embedded.checks import LOOPBACK, check_disk, check_port, hold_state
from config.embedded.errors import ServiceError
from config.embedded.mlflow import answers, mlflow_command, mlflow_database
from config.embedded.paths import (
    BASE_DIR,
    mlflow_port,
    mlflow_url,
    state_dir,
    web_port,
)
from config.embedded.postgres import EmbeddedPostgres
from config.embedded.process import Command, failure_sentence, stop_leftover, uninterrupted
from config.embedded.programs import (
    Program,
    child_environment,
    relay_command,
    web_command,
    worker_command,
)
from config.embedded.valkey import EmbeddedValkey

#: Seconds between two looks at the services.
WATCH_SECONDS = 0.5
#: A service that ended this often within so many seconds is not started again.
MAX_RESTARTS = 5
RESTART_SECONDS = 120


class Service(Protocol):
    """What the stack needs of each service."""

    name: str

    def start(self) -> None:
        """Start it, again if need be, and wait until it answers."""

    def is_alive(self) -> bool:
        """Whether it runs."""

    def stop(self) -> None:
        """Stop it."""


class Stack:
    """The running installation, as a context manager: what it starts, it stops.

    A server that is named in the environment (DATABASE_URL, BROKER_URL, MLFLOW_TRACKING_URI) is
    used as it is and not started.
    """

    def __init__(
        self, *, port: int | None = None, progress: Callable[[str], None] = lambda _: None
    ) -> None:
        """Describe the stack.

        Args:
            port: the web interface's loopback port; by default VESTIGE_PORT or 8000.
            progress: told in a few words what is being started.
        """
        self.state = state_dir()
        self.port = port or web_port()
        self.url = f"http://{LOOPBACK}:{self.port}"
        self.mlflow_url = mlflow_url()
        #: What a child of this stack needs to find it.
        self.environment = child_environment(
            VESTIGE_HOME=str(self.state),
            VESTIGE_URL=self.url,
            # Loopback only, so that no certificate is needed.
            VESTIGE_INSECURE_HTTP="1",
            MLFLOW_TRACKING_URI=self.mlflow_url,
        )
        self._progress = progress
        self._services: list[Service] = []
        self._claim: IO[str] | None = None
        self._watcher: threading.Thread | None = None
        self._stopping = threading.Event()
        self._failure = ""

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def wait(self) -> None:
        """Block until a signal interrupts, or a service cannot be kept running.

        Raises:
            ServiceError: a service ended again and again.
        """
        while not self._failure:
            time.sleep(WATCH_SECONDS)
        raise ServiceError(self._failure)

    def stop(self) -> None:
        """Stop every service, the last started first; harmless when repeated."""
        self._stopping.set()
        with uninterrupted():
            if self._watcher is not None:
                # Ends a start that the watcher may be waiting for.
                for service in reversed(self._services):
                    service.stop()
                self._watcher.join()
            while self._services:
                self._services.pop().stop()
            if self._claim is not None:
                self._claim.close()
                self._claim = None

    def _start(self) -> None:
        check_disk(self.state)
        self._claim = hold_state(self.state)
        # The servers of a supervisor that was killed may still be ending, and hold its ports.
        for name in ("web", "mlflow"):
            stop_leftover(Command(name=name, argv=[], state=self.state))
        check_port(self.port, what="the web interface", remedy="--port or VESTIGE_PORT")
        if not os.environ.get("MLFLOW_TRACKING_URI"):
            check_port(mlflow_port(), what="MLflow", remedy="VESTIGE_MLFLOW_PORT")
        if not os.environ.get("DATABASE_URL"):
            self._start_postgres()
        if not os.environ.get("BROKER_URL"):
            self._add("Starting Valkey", EmbeddedValkey(self.state))
        # MLflow is slow to load, so it does so while the tables are made.
        tracking = None if os.environ.get("MLFLOW_TRACKING_URI") else self._launch_mlflow()
        self._migrate()
        web = web_command(state=self.state, port=self.port, environment=self.environment)
        relay = relay_command(state=self.state, environment=self.environment)
        self._start_workers()
        self._add("Starting the relay", Program(relay, ready=None, seconds=120))
        self._add("Starting the web interface", Program(web, ready=self._web_answers, seconds=120))
        if tracking is not None:
            self._progress("Waiting for MLflow")
            tracking.await_ready()
        self._watcher = threading.Thread(target=self._watch, name="stack-watcher", daemon=True)
        self._watcher.start()

    def _add(self, words: str, service: Service) -> None:
        self._progress(words)
        # Noted before it starts: what fails half-way is stopped too.
        self._services.append(service)
        service.start()

    def _start_postgres(self) -> None:
        postgres = EmbeddedPostgres(self.state)
        self._add("Starting PostgreSQL", postgres)
        postgres.create_database("vestige")

    def _start_workers(self) -> None:
        for name, queue in (("worker", queues.ORDINARY), ("job-worker", queues.JOBS)):
            command = worker_command(
                name=name, queue=queue, state=self.state, environment=self.environment
            )
            self._add(f"Starting the {name}", Program(command, ready=None, seconds=120))

    def _launch_mlflow(self) -> Program:
        command = mlflow_command(
            state=self.state, port=mlflow_port(), database_url=mlflow_database()
        )
        tracking = Program(command, ready=lambda: answers(f"{self.mlflow_url}/health"), seconds=180)
        self._services.append(tracking)
        self._progress("Starting MLflow")
        tracking.launch()
        return tracking

    def _migrate(self) -> None:
        self._progress("Preparing the tables")
        finished = subprocess.run(
            [sys.executable, str(BASE_DIR / "manage.py"), "migrate", "--no-input"],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        log = self.state / "logs" / "migrate.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(finished.stdout + finished.stderr)
        if finished.returncode != 0:
            what = "could not be prepared"
            raise ServiceError(failure_sentence("The tables", what, finished.stderr, log))

    def _web_answers(self) -> bool:
        return answers(f"{self.url}/login")

    def _watch(self) -> None:
        """Start again what ended, until it has ended too often."""
        restarts: defaultdict[str, deque[float]] = defaultdict(lambda: deque(maxlen=MAX_RESTARTS))
        while not self._stopping.wait(WATCH_SECONDS):
            for service in self._services:
                if service.is_alive() or self._stopping.is_set():
                    continue
                past = restarts[service.name]
                if len(past) == MAX_RESTARTS and time.monotonic() - past[0] < RESTART_SECONDS:
                    self._failure = (
                        f"{service.name} keeps ending; see the logs in {self.state / 'logs'}."
                    )
                    return
                past.append(time.monotonic())
                # Told apart by the next look: a start that failed leaves it not alive.
                with contextlib.suppress(ServiceError, OSError):
                    service.start()
