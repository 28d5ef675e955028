"""`vestige bench crash --quick`, as a developer runs it: real services, real ``kill -9``."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from config.embedded.paths import BASE_DIR

pytestmark = pytest.mark.long

CRASH = [sys.executable, "-m", "vestige", "bench", "crash", "--quick", "--json"]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {**os.environ, "TMPDIR": str(tmp_path)}


def left_over(tmp_path: Path) -> list[Path]:
    return list(tmp_path.glob("vestige-bench-*"))


def processes_of(tmp_path: Path) -> list[str]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if f"{tmp_path}/vestige-bench-" in command:
            found.append(command)
    return found


def test_nothing_is_lost_doubled_or_rewritten_by_kills(
    environment: dict[str, str], tmp_path: Path
) -> None:
    bench = subprocess.run(
        CRASH,
        cwd=BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=1_200,
    )
    assert bench.returncode == 0, bench.stderr[-4000:]
    result: dict[str, Any] = json.loads(bench.stdout)
    value = {figure["name"]: figure["value"] for figure in result["figures"]}
    assert result["seeds"] == [1, 2, 3]
    assert value["acknowledged_requests"] == 6
    assert value["acknowledged_requests_lost"] == 0
    assert value["requests_ended_wrong"] == 0
    assert value["doubled_effects"] == 0
    assert value["ledger_prefix_violations"] == 0
    kills = {name: number for name, number in value.items() if name.startswith("kills_")}
    assert kills["kills_everything"] == 1
    assert sum(kills.values()) >= 4
    assert left_over(tmp_path) == []
    assert processes_of(tmp_path) == []


def test_an_interrupted_bench_leaves_nothing_behind(
    environment: dict[str, str], tmp_path: Path
) -> None:
    with subprocess.Popen(
        CRASH,
        cwd=BASE_DIR,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as bench:
        give_up = time.monotonic() + 120
        while not list(tmp_path.glob("vestige-bench-*/pids/postgres.json")):
            assert time.monotonic() < give_up, "PostgreSQL was not started"
            assert bench.poll() is None
            time.sleep(0.1)
        bench.send_signal(signal.SIGINT)
        said, _ = bench.communicate(timeout=120)
    assert bench.returncode == 130, said.decode()
    assert left_over(tmp_path) == []
    assert processes_of(tmp_path) == []
