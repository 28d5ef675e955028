"""What must hold before anything is started, each failing with one sentence."""

import fcntl
import os
import shutil
import socket
from pathlib import Path
from typing import IO

from config.embedded.errors import ServiceError

#: Free bytes below which PostgreSQL and a training run cannot be expected to finish.
NEEDED_BYTES = 1024**3
LOOPBACK = "127.0.0.1"


def check_port(port: int, *, what: str, remedy: str) -> None:
    """Fail unless nothing listens on a loopback port.

    Raises:
        ServiceError: the port is taken; names it and how to choose another.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As the servers do it: a connection that was just closed does not block its port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            raise ServiceError(
                f"Port {port} ({what}) is in use: choose another with {remedy}."
            ) from None


def check_disk(state: Path) -> None:
    """Fail unless the state folder can be made, and its disk has room.

    Raises:
        ServiceError: it cannot, or the disk is nearly full.
    """
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        free = shutil.disk_usage(state).free
        usable = os.access(state, os.W_OK | os.X_OK)
    except OSError as error:
        raise ServiceError(
            f"The folder {state} cannot be made ({error.strerror}): "
            "set VESTIGE_HOME to one that can."
        ) from error
    if not usable:
        raise ServiceError(f"The folder {state} is not writable: set VESTIGE_HOME to one that is.")
    if free < NEEDED_BYTES:
        raise ServiceError(
            f"Only {free // 1024**2} MB are free on the disk of {state}: "
            f"free {NEEDED_BYTES // 1024**2} MB, or set VESTIGE_HOME to another disk."
        )


def hold_state(state: Path) -> IO[str]:
    """Claim a state folder for this process; the claim ends with the returned file.

    The system drops the lock with the process that holds it, however that ends, so a claim is
    never stale.

    Raises:
        ServiceError: another process holds it.
    """
    claim = (state / "stack.lock").open("a+", encoding="ascii")
    try:
        fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        claim.seek(0)
        holder = claim.read().strip() or "unknown"
        claim.close()
        raise ServiceError(
            f"Vestige already runs from {state} (process {holder}): "
            "stop it first, or set VESTIGE_HOME to another folder."
        ) from None
    claim.truncate(0)
    claim.write(f"{os.getpid()}\n")
    claim.flush()
    return claim
