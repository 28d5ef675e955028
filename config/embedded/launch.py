"""Becomes another program, after giving up privileges and tying its life to the parent's.

Run as a script: ``python -I launch.py SIGNAL PARENT UID GID PROGRAM ARGUMENTS…``; UID and GID may
be ``-``. A script between fork and exec, because code run in a forked copy of a process that has
threads may hang.
"""

import contextlib
import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def launch(arguments: list[str]) -> None:
    """Give up privileges, ask for a signal at the parent's death, become the program."""
    signal_number, parent, uid, gid, *program = arguments
    if uid != "-":
        os.setgroups([])
        os.setgid(int(gid))
        os.setuid(int(uid))
    # Linux only, and only after setuid, which would clear it; elsewhere a child may outlive a
    # parent that was killed, and the next start stops it by its pid file.
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal_number), 0, 0, 0)
        if os.getppid() != int(parent):
            raise SystemExit(1)
    os.execv(program[0], program)  # noqa: S606 - becoming another program is the whole purpose


if __name__ == "__main__":
    launch(sys.argv[1:])
