"""Runs one job's subprocess: starts it, listens, keeps the lease alive, ends it."""

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from django.conf import settings

from unlearning.errors import JobFailedError, LeaseLostError
from unlearning.jobs.lease import Lease
from unlearning.progress import read_progress

#: Variables of the worker that a job may see; secrets and database addresses stay behind.
_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH")
_CHECKOUT = Path(__file__).resolve().parents[2]


def run_in_subprocess(job_dir: Path, lease: Lease) -> Mapping[str, Any]:
    """Carry out the job described by ``JOB_DIR/input.json``.

    Args:
        job_dir: Folder of this attempt; nothing outside it is written.
        lease: Renewed while the process works.

    Returns:
        The content of ``result.json``.

    Raises:
        JobFailedError: The method reported an error or left no result.
        LeaseLostError: Somebody else holds the job now; the process was ended.
    """
    with (job_dir / "stderr.txt").open("wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "unlearning.jobs.sandbox", str(os.getpid()), str(job_dir)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            cwd=job_dir,
            env=_environment(),
            start_new_session=True,
        )
    try:
        for progress, message in _listen(process):
            lease.renew(progress=progress, message=message)
    except LeaseLostError:
        _end(process)
        raise
    finally:
        if process.poll() is None:
            _end(process)
        if process.stdout is not None:
            process.stdout.close()
    return _result(job_dir, process.returncode)


def _environment() -> dict[str, str]:
    """Build the small environment of a job: repeatable numerics, no secrets."""
    passed = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return passed | {
        "PYTHONPATH": str(_CHECKOUT),
        "PYTHONHASHSEED": "0",
        "PYTHONUNBUFFERED": "1",
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "CUDA_VISIBLE_DEVICES": "",
    }


def _listen(process: "subprocess.Popen[bytes]") -> Iterator[tuple[float | None, str]]:
    """Yield each progress report, and at least one heartbeat every third of a lease."""
    assert process.stdout is not None  # noqa: S101 - asked for by run_in_subprocess
    beat = settings.JOB_LEASE_SECONDS / 3
    buffer = b""
    last = 0.0
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while True:
            ready = selector.select(timeout=beat)
            chunk = os.read(process.stdout.fileno(), 65536) if ready else None
            if chunk == b"":
                process.wait()
                return
            *lines, buffer = (buffer + (chunk or b"")).split(b"\n")
            reports = [told for line in lines if (told := read_progress(line))]
            if reports:
                yield reports[-1]
                last = time.monotonic()
            elif time.monotonic() - last >= beat:
                yield None, ""
                last = time.monotonic()


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Kill the job's whole session, so that no child of it lives on."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _result(job_dir: Path, status: int) -> Mapping[str, Any]:
    path = job_dir / "result.json"
    result = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    if status == 0 and result and "error" not in result:
        return dict(result)
    error = result.get("error") or _last_line(job_dir / "stderr.txt")
    raise JobFailedError(error or f"The job's process ended with status {status}.")


def _last_line(path: Path) -> str:
    lines = path.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else ""
