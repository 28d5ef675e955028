"""The demo's logins and API keys: made once, kept in a file that only its owner can read."""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from config.embedded.errors import ServiceError
from config.embedded.paths import BASE_DIR
from vestige.demo.journey import Officer

#: Who works for the example company, and in which role.
OFFICERS = {
    "olivia": "privacy_officer",
    "amir": "approver",
    "mei": "ml_engineer",
    "audrey": "auditor",
    "adrian": "administrator",
}


@dataclass(frozen=True, kw_only=True)
class Access:
    """Everything the demo signs in with."""

    officers: tuple[Officer, ...]
    #: Bearer key of the company's pipeline (scope ``lineage:write``).
    capture_key: str
    #: Bearer key of the company's web form (scopes ``requests:*``, ``reports:read``).
    intake_key: str


def access_for(file: Path, environment: Mapping[str, str]) -> Access:
    """The access that an earlier run made, or a new one.

    Args:
        file: where it is kept, mode 0600.
        environment: of the running installation.

    Raises:
        ServiceError: an account or key cannot be made.
    """
    if file.exists():
        kept = json.loads(file.read_text(encoding="utf-8"))
        officers = tuple(Officer(**officer) for officer in kept.pop("officers"))
        return Access(officers=officers, **kept)
    access = Access(
        officers=tuple(_officer(name, role, environment) for name, role in OFFICERS.items()),
        capture_key=_key("demo pipeline", ["lineage:write"], environment),
        intake_key=_key(
            "demo web form", ["requests:write", "requests:read", "reports:read"], environment
        ),
    )
    _keep(file, access)
    return access


def manage(environment: Mapping[str, str], *arguments: str) -> str:
    """Run one management command and return what it printed.

    Raises:
        ServiceError: it failed.
    """
    finished = subprocess.run(
        [sys.executable, str(BASE_DIR / "manage.py"), *arguments],
        env=dict(environment),
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


def _officer(username: str, role: str, environment: Mapping[str, str]) -> Officer:
    password = secrets.token_urlsafe(12)
    manage(
        {**environment, "VESTIGE_OFFICER_PASSWORD": password},
        *("create_officer", username),
        *("--role", role),
        *("--email", f"{username}@example.com"),
    )
    return Officer(username=username, password=password, role=role)


def _key(name: str, scopes: list[str], environment: Mapping[str, str]) -> str:
    wanted = [word for scope in scopes for word in ("--scope", scope)]
    issued = json.loads(manage(environment, "issue_key", name, *wanted, "--json"))
    return str(issued["key"])


def _keep(file: Path, access: Access) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
        json.dump(asdict(access), handle, indent=2)
