"""The demo's logins and keys: made once, whatever kills their making."""

import json
from pathlib import Path

import pytest

from config.embedded.errors import ServiceError
from vestige.demo.access import OFFICERS, access_for

#: One account each, and two keys.
COMMANDS = len(OFFICERS) + 2


class Killed(BaseException):
    """The demo ends here; nothing may catch it."""


class Administration:
    """The management commands of an installation, which remembers what they made."""

    def __init__(self, *, killed_at: int) -> None:
        #: Number of the command in whose middle the demo is killed; every second time it is done.
        self._killed_at = killed_at
        self.passwords: dict[str, str] = {}
        self.keys: dict[str, str] = {}
        self.orders = 0

    def __call__(self, command: str, name: str, *options: str, **variables: str) -> str:
        self.orders += 1
        dies = self.orders == self._killed_at
        if dies and self._killed_at % 2:
            raise Killed
        answer = self._carry_out(command, name, options, variables)
        if dies:
            raise Killed
        return answer

    def _carry_out(
        self, command: str, name: str, options: tuple[str, ...], variables: dict[str, str]
    ) -> str:
        if command == "create_officer":
            if name in self.passwords and "--unless-exists" not in options:
                raise ServiceError(f"There is an officer named {name} already.")
            self.passwords.setdefault(name, variables["VESTIGE_OFFICER_PASSWORD"])
            return ""
        if name in self.keys:
            raise ServiceError(f"There is an API client named {name} already.")
        self.keys[name] = f"key of {name}"
        return json.dumps({"key": self.keys[name]})


@pytest.mark.parametrize("killed_at", range(1, COMMANDS + 1))
def test_a_start_that_is_killed_anywhere_locks_nobody_out(tmp_path: Path, killed_at: int) -> None:
    file, installation = tmp_path / "demo" / "access.json", Administration(killed_at=killed_at)
    with pytest.raises(Killed):
        access_for(file, installation)

    access = access_for(file, installation)

    assert {o.username: o.password for o in access.officers} == installation.passwords
    assert {o.username: o.role for o in access.officers} == OFFICERS
    assert {access.capture_key, access.intake_key} <= set(installation.keys.values())


def test_a_later_start_makes_nothing_anew(tmp_path: Path) -> None:
    file, installation = tmp_path / "access.json", Administration(killed_at=0)
    first = access_for(file, installation)

    assert access_for(file, installation) == first
    assert installation.orders == COMMANDS


def test_only_its_owner_can_read_it(tmp_path: Path) -> None:
    file = tmp_path / "access.json"
    access_for(file, Administration(killed_at=0))

    assert file.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [file]
