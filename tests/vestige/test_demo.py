"""The demo as a newcomer runs it, on a part of the data: real services, real training."""

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest
from click.testing import CliRunner
from pypdf import PdfReader

from bench.kit.installation import free_ports
from bench.kit.killing import jobs_of, kill_groups, process_with, programs_of
from config.embedded.paths import BASE_DIR
from config.embedded.removal import kept_folders
from vestige.cli import main

ROWS = 6_000
SEED = 1
#: When the first start is killed, in seconds after it wrote its request down.
KILL_SECONDS = (5.0, 30.0)
#: Servers of this run are the demo's own.
FOREIGN = ("DATABASE_URL", "BROKER_URL", "MLFLOW_TRACKING_URI", "DJANGO_SETTINGS_MODULE")
VESTIGE = [sys.executable, "-m", "vestige"]

pytestmark = pytest.mark.long


@dataclass(frozen=True, kw_only=True)
class Finished:
    """A demo that ran to its end, after a first start of it was killed."""

    result: dict[str, Any]
    ports: tuple[int, ...]
    state: Path
    #: What a first start, which was killed, had written down about its request.
    opened: dict[str, Any]


def two_in_a_row() -> int:
    """A free port after which another one is free: each product takes one."""
    while True:
        [first] = free_ports(1)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", first + 1)):
            return first


def kill_on_its_way(demo: subprocess.Popen[bytes], state: Path) -> str:
    """``kill -9`` a demo and all it runs, while its request is at work; the request it had open."""
    opened = state / "demo" / "open-request.json"
    give_up = time.monotonic() + 600
    while not opened.exists():
        assert demo.poll() is None, "the demo ended before it filed a request"
        assert time.monotonic() < give_up, "the demo filed no request"
        time.sleep(0.1)
    time.sleep(Random(SEED).uniform(*KILL_SECONDS))  # noqa: S311 - draws a moment, no secret
    first = process_with(demo.pid)
    assert first is not None, "the demo ended before it was killed"
    assert kill_groups([first, *programs_of(state), *jobs_of(state)])
    assert not (state / "demo" / "regulator").exists(), "the request had ended before the kill"
    return opened.read_text()


@pytest.fixture(scope="module")
def demo() -> Iterator[Finished]:
    state = Path(tempfile.mkdtemp(prefix="vestige-demo-"))
    web, tracking = free_ports(2)
    product = two_in_a_row()
    environment = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    environment |= {
        "VESTIGE_HOME": str(state),
        "VESTIGE_MLFLOW_PORT": str(tracking),
        "VESTIGE_PRODUCT_PORT": str(product),
        "VESTIGE_LOG_LEVEL": "INFO",
    }
    command = [*VESTIGE, "demo", "--json", "--no-serve", "--port", str(web), "--rows", str(ROWS)]
    try:
        with (
            (state / "first-start.log").open("wb") as log,
            subprocess.Popen(
                command,
                cwd=BASE_DIR,
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            ) as first,
        ):
            opened = kill_on_its_way(first, state)
        run = subprocess.run(
            command,
            cwd=BASE_DIR,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=900,
        )
        assert run.returncode == 0, run.stderr[-4000:]
        yield Finished(
            result=json.loads(run.stdout),
            ports=(web, tracking, product, product + 1),
            state=state,
            opened=json.loads(opened),
        )
    finally:
        kill_groups([*programs_of(state), *jobs_of(state)])
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("VESTIGE_HOME", str(state))
            for folder in kept_folders():
                shutil.rmtree(folder, ignore_errors=True)


def test_a_demo_that_was_killed_ends_the_same_request_once_when_started_again(
    demo: Finished,
) -> None:
    letters = [path.read_text() for path in (demo.state / "mail").glob("*.log")]
    subject = re.compile(r"^Subject: \[(\S+)\]", re.MULTILINE)
    about = {reference for letter in letters for reference in subject.findall(letter)}
    asking = [letter for letter in letters if "code: " in letter]
    assert about == {demo.result["request"]}
    assert asking
    assert all(demo.opened["customer"]["email"] in letter for letter in asking)
    assert not (demo.state / "demo" / "open-request.json").exists()


def test_a_request_travels_from_intake_to_a_verified_report(demo: Finished) -> None:
    result = demo.result
    assert result["verified"] is True
    assert result["complete"] is True
    assert result["gaps"] == []
    affected = result["affected_artifacts"]
    assert len([item for item in affected if item["kind"] != "segment"]) >= 12
    assert {item["kind"] for item in affected} == {
        "segment", "dataset_version", "evaluation_set", "log", "cache", "synthetic_dataset",
        "model", "fine_tune", "distilled", "checkpoint", "embedding_index", "product", "recipient",
    }  # fmt: skip
    assert {step["method"] for step in result["plan_steps"]} == {
        "output_suppression", "recipient_notice", "negative_gradient_repair",
        "sisa_shard_retrain", "retrain_from_clean_ancestor", "synthetic_regeneration",
        "vector_removal", "artifact_destruction", "source_row_deletion",
    }  # fmt: skip


def test_the_headline_says_what_was_removed_and_what_was_only_reduced_or_suppressed(
    demo: Finished,
) -> None:
    claims = {claim["artifact"]: claim for claim in demo.result["claims"]}
    assert len(claims) >= 6
    assert claims["income-sisa v1"]["verb"] == "influence removed"
    assert claims["income-fine-tune v1"]["guarantee_class"] == "exact"
    assert claims["income-monolithic v1"]["guarantee_class"] == "approximate"
    assert claims["offer-desk"]["verb"] == claims["digit-reader"]["verb"] == "suppressed"
    assert claims["income-student v1"]["verb"] == "influence removed"
    assert claims["income-synthetic v1"]["verb"] == "influence removed"
    assert claims["adult-synthetic@1"]["verb"] == "regenerated without the records"
    assert claims["adult-features@1"]["verb"] == "destroyed"
    assert claims["digits-cnn-epoch-2"]["verb"] == "destroyed"
    assert claims["Lakeside Insights"]["verb"] == "recipient notified and acknowledged"
    headline = demo.result["headline"]
    assert headline.startswith("Not everything was removed.")
    assert "income-sisa v1" in headline
    removed, _, rest = headline.partition("Only an unlearning procedure applied")
    assert "income-monolithic v1" in rest
    assert "Outputs only suppressed" in rest
    assert "offer-desk" not in removed


def test_nobody_needs_the_installation_to_check_the_export(demo: Finished, tmp_path: Path) -> None:
    export, key = demo.result["export"], demo.result["key"]
    verify = CliRunner().invoke
    assert verify(main, ["verify", export, "--key", key]).exit_code == 0
    assert verify(main, ["verify", export]).exit_code == 3
    copy = tmp_path / "export"
    shutil.copytree(export, copy)
    page = copy / "data" / "report.html"
    page.write_bytes(page.read_bytes().replace(b"Not everything", b"Now everything", 1))
    broken = verify(main, ["verify", str(copy), "--key", key])
    assert broken.exit_code == 1
    assert "report.html" in broken.output


def test_the_persons_rows_are_gone_and_the_report_names_nobody(demo: Finished) -> None:
    mails = sorted((demo.state / "mail").glob("*.log"))
    address = next(
        line.removeprefix("To: ")
        for line in mails[0].read_text().splitlines()
        if line.startswith("To: ")
    )
    # The recipient's copy and the mirror of the cache lie beside the company's own data.
    segments = list((demo.state / "demo").rglob("segment-*.csv"))
    assert segments
    assert not [path for path in segments if address in path.read_text()]
    number = f"C-{address.split('@')[0].rsplit('.', 1)[1]}"
    exported = [path for path in Path(demo.result["export"]).rglob("*") if path.is_file()]
    assert len(exported) > 10
    pages = PdfReader(Path(demo.result["export"]) / "data" / "report.pdf").pages
    contents = [path.read_bytes() for path in exported]
    contents += [page.extract_text().encode() for page in pages]
    for personal in (address, number):
        assert not [content for content in contents if personal.encode() in content]


def test_nothing_is_left_running(demo: Finished) -> None:
    for port in demo.ports:
        with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
            pass
