"""``kill -9`` of a real Celery worker in mid-step: the step finishes, and takes effect once."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import connection

from governance.ledger.selectors import entries_about
from governance.subjects import subject_digest
from lineage.graph import Relation
from lineage.models import Derivation
from lineage.selectors import trace
from tests.factories import OfficerFactory
from tests.people import ANN, customers, record_dataset, write_dataset
from unlearning.models import Job, JobState, Plan
from unlearning.services import draft_plan, start_plan

pytestmark = pytest.mark.django_db(transaction=True)

CHECKOUT = Path(__file__).resolve().parents[2]


class Processes:
    """Real relays and workers on the test's database and broker; ended with the test."""

    def __init__(self, log: Path) -> None:
        database = connection.settings_dict
        self._log = log
        self._running: list[subprocess.Popen[bytes]] = []
        self._environment = {
            **os.environ,
            "DATABASE_URL": (
                f"postgresql:///{database['NAME']}?host={database['HOST']}"
                f"&user={database['USER']}&port={database['PORT'] or 5432}"
            ),
            "VESTIGE_JOB_LEASE_SECONDS": "2",
            "PYTHONPATH": f"{CHECKOUT}:{CHECKOUT / 'requests'}",
        }

    def worker(self) -> "subprocess.Popen[bytes]":
        return self._start("-m", "celery", "-A", "config.celery:app", "worker", "--concurrency=1")

    def relay(self) -> "subprocess.Popen[bytes]":
        return self._start(str(CHECKOUT / "manage.py"), "relay")

    def _start(self, *arguments: str) -> "subprocess.Popen[bytes]":
        with self._log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=CHECKOUT,
                env=self._environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._running.append(process)
        return process

    def kill(self, process: "subprocess.Popen[bytes]") -> None:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def end(self) -> None:
        for process in self._running:
            self.kill(process)


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    started = Processes(tmp_path / "processes.log")
    yield started
    started.end()


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    record_dataset(write_dataset(tmp_path / "people"))
    impact = trace(subject_digest(ANN))
    drafted = draft_plan(case_id=uuid4(), impact=impact, author=OfficerFactory.create())
    start_plan(plan_id=drafted.pk)
    return drafted


def test_a_step_finishes_once_although_its_worker_was_killed(
    plan: Plan, processes: Processes, tmp_path: Path
) -> None:
    directory = tmp_path / "people"
    # The method reads every segment file: at this one it waits, in mid-step, for a writer.
    trap = directory / "segment-9999.csv"
    os.mkfifo(trap)
    processes.relay()
    first = processes.worker()
    wait_until(lambda: bool(runners(plan)))

    processes.kill(first)

    wait_until(lambda: not runners(plan))
    assert step_job(plan).state == JobState.RUNNING
    assert "C-1" in customers(directory, pattern="segment-000*.csv")

    trap.unlink()
    processes.worker()
    wait_until(lambda: step_job(plan).state == JobState.SUCCEEDED, seconds=90)

    job = step_job(plan)
    assert (job.attempts, job.token) == (2, 2)
    assert customers(directory) == {"C-2", "C-3", "C-4"}
    assert Derivation.objects.filter(relation=Relation.REDACTED_FROM).count() == 2
    kinds = [entry.kind for entry in entries_about(f"request:{plan.case_id}")]
    assert (kinds.count("job.stranded"), kinds.count("step.done")) == (1, 1)


def step_job(plan: Plan) -> Job:
    return plan.jobs.get(purpose="step")


def runners(plan: Plan) -> list[int]:
    """Processes that work on the plan's step now."""
    folder = str(Path(settings.JOBS_DIR) / str(step_job(plan).pk))
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"unlearning.runner" in command and any(folder.encode() in part for part in command):
            found.append(int(process.name))
    return found


def wait_until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.1)
