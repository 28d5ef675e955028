"""Starts a program as a child in a session of its own, watches it, and stops it with its group."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from config.embedded.errors import ServiceError

LAUNCHER = Path(__file__).with_name("launch.py")
#: Seconds between two looks at a child.
POLL_SECONDS = 0.05
#: Lines of a log that are quoted when a child fails.
QUOTED_LINES = 2


@dataclass(frozen=True, kw_only=True)
class Command:
    """A program and how it is to run."""

    name: str
    argv: Sequence[str]
    state: Path
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    #: The signal that asks this program to stop at once but cleanly.
    stop_signal: signal.Signals = signal.SIGTERM
    #: uid and gid to drop to, when started by root.
    identity: tuple[int, int] | None = None

    @property
    def log_file(self) -> Path:
        """Where the program's output goes."""
        return self.state / "logs" / f"{self.name}.log"

    @property
    def pid_file(self) -> Path:
        """Where its pid and start time are kept, for a later start that finds it still running."""
        return self.state / "pids" / f"{self.name}.json"


class Child:
    """A started program."""

    def __init__(self, command: Command) -> None:
        self.command = command
        stop_leftover(command)
        command.log_file.parent.mkdir(parents=True, exist_ok=True)
        command.pid_file.parent.mkdir(parents=True, exist_ok=True)
        uid, gid = command.identity or ("-", "-")
        header = [int(command.stop_signal), os.getpid(), uid, gid]
        with command.log_file.open("ab") as log:
            self._log_start = log.tell()
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", LAUNCHER, *map(str, header), *command.argv],
                env=dict(command.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd="/" if command.identity else None,
            )
        record = {"pid": self._process.pid, "started": start_time(self._process.pid)}
        command.pid_file.write_text(json.dumps(record))

    @property
    def pid(self) -> int:
        """The process id, which is the process group's id too."""
        return self._process.pid

    def is_alive(self) -> bool:
        """Whether the program still runs."""
        return self._process.poll() is None

    def wait_until(self, ready: Callable[[], bool], *, seconds: float) -> None:
        """Wait until the program answers.

        Raises:
            ServiceError: it ended first, or did not answer in time.
        """
        deadline = time.monotonic() + seconds
        while not ready():
            if not self.is_alive():
                raise ServiceError(self.failure("ended while it was starting"))
            if time.monotonic() > deadline:
                raise ServiceError(self.failure(f"did not answer within {seconds:.0f} seconds"))
            time.sleep(POLL_SECONDS)

    def failure(self, what: str) -> str:
        """A sentence on a failure, with the last lines that the program wrote."""
        return failure_sentence(self.command.name, what, self.output(), self.command.log_file)

    def output(self) -> str:
        """What the program has written since this start."""
        with self.command.log_file.open("rb") as log:
            log.seek(self._log_start)
            return log.read().decode(errors="replace")

    def stop(self, *, seconds: float = 10) -> None:
        """Ask the program to stop; kill its whole group when it does not."""
        if self.is_alive():
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(self.command.stop_signal)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=seconds)
        kill_group(self.pid)
        self._process.wait()
        self.command.pid_file.unlink(missing_ok=True)


def failure_sentence(name: str, what: str, output: str, log_file: Path) -> str:
    """One sentence on what failed and what to do, with a known cause put first."""
    if "No space left on device" in output:
        state = log_file.parent.parent
        return f"The disk is full: free some space on the disk of {state} and start again."
    tail = " | ".join(line.strip() for line in output.strip().splitlines()[-QUOTED_LINES:])
    return f"{name} {what}; see {log_file}" + (f" ({tail})" if tail else "") + "."


def stop_leftover(command: Command) -> None:
    """Stop the program that an earlier, killed parent left running under this pid file."""
    try:
        record = json.loads(command.pid_file.read_text())
        pid, started = int(record["pid"]), str(record["started"])
    except (OSError, ValueError, KeyError):
        return
    if started and start_time(pid) == started:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, command.stop_signal)
        deadline = time.monotonic() + 10
        while start_time(pid) == started and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        if start_time(pid) == started:
            kill_group(pid)
    command.pid_file.unlink(missing_ok=True)


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Let an impatient second Ctrl-C wait, so that stopping leaves nothing running."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set signal handlers, and is given the signals
        return
    signals = (signal.SIGINT, signal.SIGTERM)
    handlers = [signal.signal(number, signal.SIG_IGN) for number in signals]
    try:
        yield
    finally:
        for number, handler in zip(signals, handlers, strict=True):
            signal.signal(number, handler)


def kill_group(group: int) -> None:
    """Kill what is left of a process group that we made."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def start_time(pid: int) -> str:
    """When a process started, in the system's own words; empty when there is none.

    Together with the pid it names a process for good: pids are used again.
    """
    if sys.platform == "linux":
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return ""
        # A zombie has ended; only its exit status is left.
        return "" if fields[0] == "Z" else fields[19]
    found = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return found.stdout.strip()
