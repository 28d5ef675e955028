"""First thing in a job's process: bind it to its worker and bound what it may use.

``python -m unlearning.jobs.sandbox WORKER_PID JOB_DIR`` sets the limits and becomes
``python -m unlearning.runner JOB_DIR``. It does not confine a hostile method: models are read as
safetensors only, and what runs are the methods of this installation.
"""

import ctypes
import os
import resource
import signal
import sys

#: ``prctl`` option: the signal that this process gets when its parent dies (``prctl(2)``).
_PR_SET_PDEATHSIG = 1
#: No single file of a job may grow beyond this, in bytes.
_FILE_SIZE = 8 * 1024**3
#: Seconds of processor time after which a job is taken for a runaway.
_CPU_SECONDS = 4 * 3600
_OPEN_FILES = 1024


def main(worker_pid: int, job_dir: str) -> None:
    """Set the limits and become the runner.

    Args:
        worker_pid: Process that started this one.
        job_dir: Folder with ``input.json``.
    """
    # A worker that is killed cannot tell its job; the kernel does, so nothing runs on unseen.
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != worker_pid:
        # The worker died before the line above took effect.
        sys.exit(f"The worker {worker_pid} is gone; its job ends with it.")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _lower(resource.RLIMIT_FSIZE, _FILE_SIZE)
    _lower(resource.RLIMIT_CPU, _CPU_SECONDS)
    _lower(resource.RLIMIT_NOFILE, _OPEN_FILES)
    os.execv(  # noqa: S606 - no shell on purpose
        sys.executable, [sys.executable, "-m", "unlearning.runner", job_dir]
    )


def _lower(limit: int, wanted: int) -> None:
    _, hard = resource.getrlimit(limit)
    value = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(limit, (value, value))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
