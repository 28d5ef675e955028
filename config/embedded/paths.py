"""Where the embedded services keep their files, and the addresses that follow from it.

Knows neither Django nor the services: settings, console script and supervisors all ask here, so
that each process of one installation computes the same addresses.
"""

import hashlib
import os
import stat
from pathlib import Path
from urllib.parse import quote

from config.embedded.errors import ServiceError

BASE_DIR = Path(__file__).resolve().parent.parent.parent

#: A unix socket's path must fit ``sockaddr_un.sun_path``: 108 bytes on Linux, 104 on macOS.
MAX_SOCKET_PATH = 103
POSTGRES_SOCKET_NAME = ".s.PGSQL.5432"
VALKEY_SOCKET_NAME = "valkey.sock"
DATABASE_USER = "vestige"
#: Root's PostgreSQL keeps its files here: the unprivileged server can reach them, a stranger
#: cannot have made them first.
ROOT_DATA_HOME = Path("/var/lib/vestige")
#: Home of sockets whose own folder has too long a name; the same in every shell, unlike TMPDIR.
SHORT_HOME = Path("/tmp")  # noqa: S108 - the folder below it is checked for its owner before use
DEFAULT_MLFLOW_PORT = 5050
DEFAULT_WEB_PORT = 8000
MAX_PORT = 65535


def state_dir() -> Path:
    """The folder of everything this installation keeps: ``VESTIGE_HOME`` or ``.vestige``."""
    chosen = os.environ.get("VESTIGE_HOME", "")
    return Path(chosen).expanduser().resolve() if chosen else BASE_DIR / ".vestige"


def state_key(state: Path) -> str:
    """A short name for a state folder, for the places that must lie outside it."""
    return hashlib.sha256(os.fsencode(state)).hexdigest()[:16]


def run_dir(state: Path) -> Path:
    """The folder of sockets: inside the state folder where the path is short enough."""
    inside = state / "run"
    longest = os.fsencode(inside / POSTGRES_SOCKET_NAME)
    if len(longest) <= MAX_SOCKET_PATH:
        return inside
    return SHORT_HOME / f"vestige-{os.getuid()}-{state_key(state)}"


def postgres_home(state: Path) -> Path:
    """The folder of PostgreSQL's data, and as root of its copied programs and socket too."""
    if os.geteuid() == 0:
        return ROOT_DATA_HOME / state_key(state)
    return state / "postgres"


def postgres_socket_dir(state: Path) -> Path:
    """The folder that holds PostgreSQL's socket; only its owner and root may enter."""
    return postgres_home(state) / "socket" if os.geteuid() == 0 else run_dir(state)


def embedded_database_url(state: Path, name: str = "vestige") -> str:
    """The embedded PostgreSQL's address for one database, as libpq reads it."""
    host = quote(str(postgres_socket_dir(state)), safe="/")
    return f"postgresql:///{name}?host={host}&user={DATABASE_USER}"


def database_url() -> str:
    """``DATABASE_URL``, or the embedded server of this state folder."""
    return os.environ.get("DATABASE_URL") or embedded_database_url(state_dir())


def valkey_socket(state: Path) -> Path:
    """The embedded Valkey's socket."""
    return run_dir(state) / VALKEY_SOCKET_NAME


def broker_url() -> str:
    """``BROKER_URL``, or the embedded Valkey of this state folder."""
    return os.environ.get("BROKER_URL") or f"redis+socket://{valkey_socket(state_dir())}"


def mlflow_url() -> str:
    """``MLFLOW_TRACKING_URI``, or the embedded server on its loopback port."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"http://127.0.0.1:{mlflow_port()}"


def mlflow_port() -> int:
    """``VESTIGE_MLFLOW_PORT``, or the usual port of the embedded MLflow."""
    return _port("VESTIGE_MLFLOW_PORT", DEFAULT_MLFLOW_PORT)


def web_port() -> int:
    """``VESTIGE_PORT``, or the usual port of the web interface."""
    return _port("VESTIGE_PORT", DEFAULT_WEB_PORT)


def _port(variable: str, default: int) -> int:
    text = os.environ.get(variable) or str(default)
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= MAX_PORT:
        raise ServiceError(f"{variable} must be a port number from 1 to {MAX_PORT}, not {text!r}.")
    return int(text)


def private_dir(folder: Path, owner: int) -> Path:
    """Make a folder that only one uid and root may enter, or check that it is one.

    Raises:
        ServiceError: somebody else owns the folder, or it is a link.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {owner, os.geteuid()}:
        raise ServiceError(f"{folder} belongs to somebody else: remove it, or set VESTIGE_HOME.")
    if found.st_uid != owner:
        os.chown(folder, owner, -1)
    folder.chmod(0o700)
    return folder
