"""A kill counts only when the very process that was struck has died of it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench.kit.installation import wait_for
from bench.kit.killing import (
    Process,
    jobs_of,
    kill_groups,
    process_in,
    process_with,
    programs_of,
)

SLEEPER = [sys.executable, "-c", "import time; time.sleep(60)"]


@contextmanager
def killed_at_the_end(command: list[str]) -> Iterator["subprocess.Popen[bytes]"]:
    """A program that leads a group of its own, as ``vestige up`` starts them."""
    with subprocess.Popen(command, start_new_session=True) as running:
        try:
            yield running
        finally:
            running.kill()


@pytest.fixture
def program() -> Iterator["subprocess.Popen[bytes]"]:
    with killed_at_the_end(SLEEPER) as running:
        yield running


def seen(program: "subprocess.Popen[bytes]") -> Process:
    found = process_with(program.pid)
    assert found is not None
    return found


def note(home: Path, name: str, process: Process) -> None:
    (home / "pids").mkdir(exist_ok=True)
    record = {"pid": process.pid, "started": process.started}
    (home / "pids" / f"{name}.json").write_text(json.dumps(record))


def test_a_program_that_dies_of_it_is_a_kill(program: "subprocess.Popen[bytes]") -> None:
    process = seen(program)
    assert kill_groups([process])
    assert process.is_gone
    assert program.wait() == -9


def test_nothing_to_strike_is_no_kill() -> None:
    assert not kill_groups([])


def test_a_program_that_ended_by_itself_is_no_kill(program: "subprocess.Popen[bytes]") -> None:
    process = seen(program)
    program.kill()
    program.wait()
    assert not kill_groups([process])


def test_a_later_process_with_the_same_pid_is_left_alone(
    program: "subprocess.Popen[bytes]",
) -> None:
    assert not kill_groups([Process(pid=program.pid, started="an earlier time")])
    assert program.poll() is None


def test_a_program_that_lives_on_is_no_kill(program: "subprocess.Popen[bytes]") -> None:
    # It leads no group, so that the signal finds nobody.
    with subprocess.Popen(SLEEPER) as other:
        survivor = seen(other)
        assert not kill_groups([survivor], seconds=0.2)
        assert not kill_groups([seen(program), survivor], seconds=0.2)
        assert not survivor.is_gone
        other.kill()


def test_the_supervisor_is_killed_before_what_it_would_start_again(
    program: "subprocess.Popen[bytes]", tmp_path: Path
) -> None:
    own = process_with(os.getpid())
    assert own is not None
    note(tmp_path, "supervisor", seen(program))
    note(tmp_path, "postgres", own)
    note(tmp_path, "relay", Process(pid=program.pid, started="an earlier time"))
    assert programs_of(tmp_path) == [seen(program), own]


def test_a_pid_file_that_is_being_written_names_nobody(tmp_path: Path) -> None:
    file = tmp_path / "web.json"
    assert process_in(file) is None
    file.write_text('{"pid": 1')
    assert process_in(file) is None


def test_the_jobs_of_an_installation_are_told_from_those_of_another(tmp_path: Path) -> None:
    for home in ("one", "two"):
        (tmp_path / home / "jobs").mkdir(parents=True)
    folder = str(tmp_path / "one" / "jobs" / "1")
    job = [*SLEEPER, "unlearning.runner", folder]
    with killed_at_the_end(job) as running:
        # A process that has just begun a program does not show its arguments yet.
        found = wait_for(lambda: jobs_of(tmp_path / "one"), seconds=10, what="the job to show")
        assert found == [seen(running)]
        assert jobs_of(tmp_path / "two") == []
