"""The demo's logins and API keys: made once, kept in a file that only its owner can read."""

import json
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from config.embedded.errors import ServiceError
from config.embedded.paths import BASE_DIR
from vestige.demo.journey import Officer
from vestige.demo.keeping import keep, kept_in

#: Who works for the example company, and in which role.
OFFICERS = {
    "olivia": "privacy_officer",
    "amir": "approver",
    "mei": "ml_engineer",
    "audrey": "auditor",
    "adrian": "administrator",
}
#: The keys, by their field in :class:`Access`: what the program is called, and what it may do.
_KEYS = {
    "capture_key": ("demo pipeline", ("lineage:write",)),
    "intake_key": ("demo web form", ("requests:write", "requests:read", "reports:read")),
}


@dataclass(frozen=True, kw_only=True)
class Access:
    """Everything the demo signs in with."""

    officers: tuple[Officer, ...]
    #: Bearer key of the company's pipeline (scope ``lineage:write``).
    capture_key: str
    #: Bearer key of the company's web form (scopes ``requests:*``, ``reports:read``).
    intake_key: str


def access_for(file: Path, order: Callable[..., str]) -> Access:
    """The access that an earlier run made, or a new one.

    A start that is killed on the way locks nobody out: passwords are written down before there is
    an account, and the next start makes what is missing.

    Args:
        file: where it is kept, for its owner only.
        order: runs one management command and returns what it printed.

    Raises:
        ServiceError: an account or key cannot be made.
    """
    kept = kept_in(file)
    begun, kept = kept is not None, kept or {"officers": [asdict(found) for found in _drawn()]}
    if missing := [field for field in _KEYS if field not in kept]:
        keep(file, kept)
        for officer in kept["officers"]:
            _register(Officer(**officer), order)
    for field in missing:
        name, scopes = _KEYS[field]
        # A start that was killed may have been issued a key that nobody has: the name is taken.
        kept[field] = _key(f"{name} {secrets.token_hex(2)}" if begun else name, scopes, order)
        keep(file, kept)
    officers = tuple(Officer(**officer) for officer in kept.pop("officers"))
    return Access(officers=officers, **kept)


def manage(environment: Mapping[str, str], *arguments: str, **variables: str) -> str:
    """Run one management command and return what it printed.

    Args:
        environment: of the running installation.
        arguments: the command and its own arguments.
        variables: set in the environment of this command only.

    Raises:
        ServiceError: it failed.
    """
    finished = subprocess.run(
        [sys.executable, str(BASE_DIR / "manage.py"), *arguments],
        env={**environment, **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if finished.returncode != 0:
        said = " | ".join(finished.stderr.strip().splitlines()[-3:])
        raise ServiceError(f"manage.py {arguments[0]} failed: {said}")
    return finished.stdout


def unread_datasets(environment: Mapping[str, str]) -> list[str]:
    """Names of the datasets whose rows are not in the record index yet.

    Raises:
        ServiceError: it cannot be asked.
    """
    gaps = json.loads(manage(environment, "gaps", "--json"))
    return [gap["artifact"] for gap in gaps if gap["rule"] == "dataset_without_subject_index"]


def _drawn() -> Iterator[Officer]:
    for username, role in OFFICERS.items():
        yield Officer(username=username, password=secrets.token_urlsafe(12), role=role)


def _register(officer: Officer, order: Callable[..., str]) -> None:
    order(
        *("create_officer", officer.username, "--unless-exists"),
        *("--role", officer.role),
        *("--email", f"{officer.username}@example.com"),
        VESTIGE_OFFICER_PASSWORD=officer.password,
    )


def _key(name: str, scopes: Sequence[str], order: Callable[..., str]) -> str:
    wanted = [word for scope in scopes for word in ("--scope", scope)]
    issued = json.loads(order("issue_key", name, *wanted, "--json"))
    return str(issued["key"])
