"""``kill -9`` with proof: a kill counts only when the very process that was struck is gone."""

import json
import os
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from config.embedded.process import start_time

#: Seconds in which a process that was struck is gone.
DEATH_SECONDS = 10
_LOOK_SECONDS = 0.01
#: The program that starts the others again, where there is one.
_SUPERVISOR = "supervisor"


@dataclass(frozen=True, kw_only=True)
class Process:
    """A process that was seen running: pids are used again, a pid with its start time is not."""

    pid: int
    started: str

    @property
    def is_gone(self) -> bool:
        """Whether it has ended, be its pid in use again or not."""
        return start_time(self.pid) != self.started


def process_with(pid: int) -> Process | None:
    """The running process of a pid, None where there is none."""
    started = start_time(pid)
    return Process(pid=pid, started=started) if started else None


def process_in(pid_file: Path) -> Process | None:
    """The process that a pid file names, None while it does not run."""
    try:
        record = json.loads(pid_file.read_text())
    except (OSError, ValueError):
        return None  # between two starts
    found = Process(pid=int(record["pid"]), started=str(record["started"]))
    return None if not found.started or found.is_gone else found


def programs_of(home: Path) -> list[Process]:
    """Every program of an installation that runs now, its supervisor first.

    Killed in this order nothing is started again.
    """
    files = sorted(
        (home / "pids").glob("*.json"), key=lambda file: (file.stem != _SUPERVISOR, file.stem)
    )
    return [found for file in files if (found := process_in(file))]


def jobs_of(home: Path) -> list[Process]:
    """Processes that carry out a job of an installation now."""
    folder = os.fsencode(home / "jobs")
    pids = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            command = (process / "cmdline").read_bytes().split(b"\0")
            if b"unlearning.runner" in command and any(part.startswith(folder) for part in command):
                pids.append(int(process.name))
    return [found for pid in sorted(pids) if (found := process_with(pid))]


def kill_groups(processes: Sequence[Process], *, seconds: float = DEATH_SECONDS) -> bool:
    """``kill -9`` processes with their groups, in this order, and wait for their end.

    Args:
        processes: Each leads a group of its own.
        seconds: How long their end is waited for.

    Returns:
        Whether the first one was alive when it was struck, and all are gone now. The death of the
        first may end the others by itself, so they need not live until their turn.
    """
    hit = [_strike(process) for process in processes]
    give_up = time.monotonic() + seconds
    while not all(process.is_gone for process in processes) and time.monotonic() < give_up:
        time.sleep(_LOOK_SECONDS)
    return any(hit[:1]) and all(process.is_gone for process in processes)


def _strike(process: Process) -> bool:
    if process.is_gone:
        return False
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return False  # it ended just now, or may not be killed: no kill of ours
    return True
