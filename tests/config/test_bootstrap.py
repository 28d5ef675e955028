"""The set-up script understands the user's pip configuration, and says what it needs."""

import re
import stat
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from config import bootstrap

LISTED = r"""\
:env:.find-links='/wheels/mine'
global.extra-index-url='https://one.example/simple\nhttps://two.example/simple'
global.find-links='/wheels/everyone'
global.index-url='https://index.example/simple'
global.no-index='true'
freeze.all='true'
"""


@pytest.fixture
def pip(tmp_path: Path) -> list[str]:
    program = tmp_path / "pip"
    program.write_text(f"#!/bin/sh\ncat <<'END'\n{LISTED.removeprefix(chr(92) + chr(10))}END\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return [str(program)]


def test_the_environment_wins_over_the_files(pip: list[str]) -> None:
    assert bootstrap.pip_settings(pip)["find-links"] == "/wheels/mine"


def test_uv_is_told_every_place_that_pip_knows(pip: list[str]) -> None:
    options = bootstrap.uv_options(pip)
    pairs = list(pairwise(options))
    assert ("--index-url", "https://index.example/simple") in pairs
    assert ("--extra-index-url", "https://one.example/simple") in pairs
    assert ("--extra-index-url", "https://two.example/simple") in pairs
    assert ("--find-links", "/wheels/mine") in pairs
    assert "--no-index" in options


def test_another_python_is_refused_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "SUPPORTED", ((2, 7),))
    found = re.escape(f"{sys.version_info.major}.{sys.version_info.minor}")
    with pytest.raises(bootstrap.SetupError, match=f"this is {found}: install"):
        bootstrap.check_python()


def test_the_lock_hashes_every_package_and_names_no_place_of_a_machine() -> None:
    text = bootstrap.LOCK.read_text()
    for block in re.split(r"\n(?=\w)", text.split("\n# The following")[0]):
        assert "--hash=sha256:" in block or block.startswith("#"), block[:60]
    assert not re.search(r"^--|file:|/(opt|home|work|root|tmp)/", text, re.MULTILINE)
