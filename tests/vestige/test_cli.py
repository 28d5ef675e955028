"""The console script: its help, its exit statuses, and what it never loads."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from config.embedded.checks import hold_state
from config.embedded.paths import BASE_DIR
from vestige.cli import SERVICE_FAILED, main


def test_every_command_explains_itself() -> None:
    runner = CliRunner()
    for name in main.commands:
        answer = runner.invoke(main, [name, "--help"])
        assert answer.exit_code == 0
        assert answer.output.startswith(f"Usage: main {name}")


def test_wrong_usage_exits_2() -> None:
    assert CliRunner().invoke(main, ["verify"]).exit_code == 2
    assert CliRunner().invoke(main, ["up", "--port", "70000"]).exit_code == 2


def test_an_export_that_is_not_there_exits_2_and_is_named(tmp_path: Path) -> None:
    answer = CliRunner().invoke(main, ["verify", str(tmp_path / "nothing"), "--json"])
    assert answer.exit_code == 2
    verdict = json.loads(answer.output)
    assert verdict["status"] == "unreadable"
    assert "nothing" in verdict["problems"][0]


def test_a_service_that_cannot_run_exits_with_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("VESTIGE_HOME", str(tmp_path / "file" / "state"))
    answer = CliRunner().invoke(main, ["up"])
    assert answer.exit_code == SERVICE_FAILED
    assert len(answer.stderr.splitlines()) == 1


def test_cleaning_asks_first_and_then_removes_what_it_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = tmp_path / "state"
    (state / "keys").mkdir(parents=True)
    monkeypatch.setenv("VESTIGE_HOME", str(state))
    refused = CliRunner().invoke(main, ["clean"], input="n\n")
    assert refused.exit_code == 1
    assert str(state) in refused.stderr
    assert (state / "keys").is_dir()
    assert CliRunner().invoke(main, ["clean", "--yes"]).exit_code == 0
    assert not state.exists()
    assert "nothing to remove" in CliRunner().invoke(main, ["clean"]).stderr


def test_cleaning_refuses_while_vestige_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VESTIGE_HOME", str(tmp_path))
    with hold_state(tmp_path):
        answer = CliRunner().invoke(main, ["clean", "--yes"])
    assert answer.exit_code == SERVICE_FAILED
    assert "already runs" in answer.stderr
    assert (tmp_path / "stack.lock").exists()


def test_verifying_loads_neither_django_nor_a_database_driver(tmp_path: Path) -> None:
    code = (
        "import sys; from vestige.cli import main; "
        f"main(['verify', {str(tmp_path / 'nothing')!r}], standalone_mode=False)"
    )
    listing = "print([n for n in ('django', 'psycopg', 'celery', 'torch') if n in sys.modules])"
    answer = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import sys\ntry:\n    {code}\nexcept SystemExit:\n    pass\n{listing}",
        ],
        capture_output=True,
        text=True,
        check=True,
        cwd=BASE_DIR,
        env={"PATH": os.environ["PATH"]},
    )
    assert answer.stdout.splitlines()[-1] == "[]"


def test_a_command_without_a_database_says_how_to_start_one(tmp_path: Path) -> None:
    foreign = ("DATABASE_URL", "DJANGO_SETTINGS_MODULE")
    environment = {name: value for name, value in os.environ.items() if name not in foreign}
    answer = subprocess.run(
        [sys.executable, "-m", "vestige", "gaps"],
        cwd=BASE_DIR,
        env={**environment, "VESTIGE_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (answer.returncode, answer.stdout) == (SERVICE_FAILED, "")
    assert answer.stderr.count("\n") == 1
    assert "vestige up" in answer.stderr
