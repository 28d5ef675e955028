"""Jobs: leases, fencing, the subprocess, effects that happen once."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.db.models import QuerySet
from django.utils import timezone
from pytest_django import Settings

from governance.ledger.selectors import entries_about
from governance.models import OutboxMessage
from governance.subjects import subject_digest
from lineage.models import Artifact, ArtifactState
from lineage.selectors import trace
from tests.factories import JobFactory, OfficerFactory
from tests.people import ANN, customers, record_dataset, write_dataset
from tests.unlearning.cuts import Killed, cut_at
from unlearning.errors import LeaseLostError
from unlearning.jobs import running
from unlearning.jobs.lease import Lease, acquire
from unlearning.jobs.running import run_job
from unlearning.models import Evidence, Job, JobState, Plan, StepState
from unlearning.services import draft_plan, retry_plan, start_plan, sweep_jobs
from unlearning.services.settling import save_result

pytestmark = pytest.mark.django_db


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return write_dataset(tmp_path / "people")


@pytest.fixture(autouse=True)
def jobs_dir(tmp_path: Path, settings: Settings) -> None:
    settings.JOBS_DIR = tmp_path / "jobs"


@pytest.fixture
def plan(directory: Path) -> Plan:
    """A started plan with one step: take Ann's row out of the files."""
    record_dataset(directory)
    impact = trace(subject_digest(ANN))
    drafted = draft_plan(case_id=uuid4(), impact=impact, author=OfficerFactory.create())
    start_plan(plan_id=drafted.pk)
    return drafted


def only_job(plan: Plan) -> Job:
    return plan.jobs.get(purpose="step")


def let_the_lease_run_out(job: Job) -> None:
    """Let time pass: a lease that there is ends."""
    leased = Job.objects.filter(pk=job.pk, leased_until__isnull=False)
    leased.update(leased_until=timezone.now() - timedelta(seconds=1))


def test_a_step_runs_in_its_own_process_and_leaves_effect_and_evidence(
    plan: Plan, directory: Path
) -> None:
    job = only_job(plan)

    run_job(job_id=job.pk)

    job.refresh_from_db()
    step = plan.steps.get()
    assert job.error == ""
    assert (job.state, step.state) == (JobState.SUCCEEDED, StepState.DONE)
    assert customers(directory) == {"C-2", "C-3", "C-4"}
    kinds = set(Evidence.objects.filter(step=step).values_list("kind", flat=True))
    assert "run_recorded" in kinds
    old = Artifact.objects.get(pk=step.artifact_id)
    assert old.state == ArtifactState.SUPERSEDED
    assert Artifact.objects.get(pk=step.outcome["artifact"]).state == ArtifactState.CURRENT
    assert OutboxMessage.objects.filter(topic="unlearning.plan_changed").count() == 1
    assert [e.kind for e in entries_about(f"request:{plan.case_id}")].count("step.done") == 1


def test_a_job_that_is_taken_is_left_alone(plan: Plan) -> None:
    job = only_job(plan)
    assert acquire(job.pk) is not None

    run_job(job_id=job.pk)

    job.refresh_from_db()
    assert (job.state, job.attempts) == (JobState.RUNNING, 1)


def test_an_older_token_changes_nothing(plan: Plan) -> None:
    job = only_job(plan)
    stalled = acquire(job.pk)
    assert stalled is not None
    let_the_lease_run_out(job)
    assert sweep_jobs() == 1
    newer = acquire(job.pk)
    assert newer is not None
    assert newer.token > stalled.token

    for act in (
        stalled.check,
        stalled.renew,
        lambda: stalled.end(JobState.SUCCEEDED),
    ):
        with pytest.raises(LeaseLostError):
            act()
    newer.check()


def test_a_lease_renewed_in_time_is_not_taken_back(plan: Plan) -> None:
    job = only_job(plan)
    lease = acquire(job.pk)
    assert lease is not None
    lease.renew(progress=0.5, message="half")

    assert sweep_jobs() == 0
    lease.check()


def test_a_worker_that_stalls_while_it_takes_a_job_does_not_get_the_next_ones_token(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = only_job(plan)
    update = QuerySet.update
    holders: list[Lease] = []

    def stall_after(rows: "QuerySet[Job]", **values: object) -> int:
        changed = update(rows, **values)
        monkeypatch.undo()
        let_the_lease_run_out(job)
        assert sweep_jobs() == 1
        newer = acquire(job.pk)
        assert newer is not None
        holders.append(newer)
        return changed

    monkeypatch.setattr(QuerySet, "update", stall_after)
    stalled = acquire(job.pk)

    assert stalled is not None
    with pytest.raises(LeaseLostError):
        stalled.check()
    holders[0].check()


@pytest.mark.parametrize("number", [1, 2])
def test_a_kill_while_a_result_is_saved_strands_no_job(plan: Plan, number: int) -> None:
    job = only_job(plan)
    lease = acquire(job.pk)
    assert lease is not None
    # A second statement, if there were one, would not be reached.
    with cut_at(number, (QuerySet, "update")), suppress(Killed):
        save_result(lease, {"seconds": 1.0})

    let_the_lease_run_out(job)

    assert sweep_jobs() == 1
    job.refresh_from_db()
    assert job.state == JobState.QUEUED
    assert job.result == ({"seconds": 1.0} if number == 2 else {})


def test_a_job_at_work_without_a_lease_is_nobodys_and_taken_back(plan: Plan) -> None:
    job = only_job(plan)
    assert acquire(job.pk) is not None
    Job.objects.filter(pk=job.pk).update(leased_until=None)

    assert sweep_jobs() == 1

    job.refresh_from_db()
    assert job.state == JobState.QUEUED


def test_attempts_are_capped_and_then_a_person_is_needed(plan: Plan) -> None:
    job = only_job(plan)
    for _ in range(3):
        assert acquire(job.pk) is not None
        let_the_lease_run_out(job)
        sweep_jobs()

    job.refresh_from_db()
    assert job.state == JobState.NEEDS_HUMAN
    assert plan.steps.get().state == StepState.FAILED
    assert OutboxMessage.objects.filter(topic="unlearning.plan_changed").count() == 1

    retry_plan(plan_id=plan.pk, actor="officer:ann")
    job.refresh_from_db()
    assert (job.state, job.attempts) == (JobState.QUEUED, 0)


def test_who_resumes_an_accepted_promotion_later_does_not_take_the_decision_over(
    plan: Plan,
) -> None:
    job = JobFactory.create(plan=plan, step=None, purpose="promotion", state=JobState.NEEDS_HUMAN)
    retry_plan(plan_id=plan.pk, actor="officer:ann")
    Job.objects.filter(pk=job.pk).update(state=JobState.NEEDS_HUMAN)

    retry_plan(plan_id=plan.pk, actor="officer:ben")

    job.refresh_from_db()
    assert job.input["accepted_by"] == "officer:ann"


def test_a_method_that_fails_says_why_and_is_tried_again(plan: Plan, directory: Path) -> None:
    (directory / "record-index.json").unlink()
    job = only_job(plan)

    run_job(job_id=job.pk)

    job.refresh_from_db()
    assert job.state == JobState.QUEUED
    assert "record-index.json" in job.error
    assert customers(directory) == {"C-1", "C-2", "C-3", "C-4"}


def test_a_crash_between_effect_and_record_gives_one_effect(plan: Plan, directory: Path) -> None:
    job = only_job(plan)
    run_job(job_id=job.pk)
    after = Artifact.objects.count()
    # What a kill just before the last commit leaves: files and graph are changed, the job is not.
    Job.objects.filter(pk=job.pk).update(state=JobState.QUEUED)
    plan.steps.update(state=StepState.RUNNING, outcome={})

    run_job(job_id=job.pk)

    job.refresh_from_db()
    assert job.error == ""
    assert job.state == JobState.SUCCEEDED
    assert Artifact.objects.count() == after
    assert customers(directory) == {"C-2", "C-3", "C-4"}


def test_rows_that_a_pipeline_appends_between_two_attempts_are_kept(
    plan: Plan, directory: Path
) -> None:
    job = only_job(plan)
    with cut_at(1, (running, "publish_step")), pytest.raises(Killed):
        run_job(job_id=job.pk)
    with (directory / "segment-0000.csv").open("a") as file:
        file.write("C-9,eve@example.com,Rome\r\n")
    let_the_lease_run_out(job)
    sweep_jobs()

    run_job(job_id=job.pk)

    job.refresh_from_db()
    assert (job.state, job.result) == (JobState.QUEUED, {})
    assert "segment-0000.csv" in job.error

    run_job(job_id=job.pk)

    job.refresh_from_db()
    assert (job.state, job.error) == (JobState.SUCCEEDED, "")
    assert customers(directory) == {"C-2", "C-3", "C-4", "C-9"}


@pytest.mark.parametrize("effect", ["save_result", "finish_job"])
def test_the_copy_of_the_forgotten_rows_is_kept_until_the_verification_is_safe(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, effect: str
) -> None:
    kept = write_dataset(tmp_path / "forget-set")
    after = {"location": "", "digest": "", "manifest": {"forget_set": str(kept)}}
    step = {"step_id": None, "artifact": {"kind": "model", "location": ""}, "after": after}
    job = JobFactory.create(
        plan=plan,
        step=None,
        purpose="verification",
        input={"purpose": "verification", "steps": [step]},
    )
    at_hand = []

    def attack(_folder: Path, _lease: Lease) -> dict[str, object]:
        at_hand.append(kept.is_dir())
        return {"evidence": []}

    monkeypatch.setattr(running, "run_in_subprocess", attack)
    with cut_at(1, (running, effect)), pytest.raises(Killed):
        run_job(job_id=job.pk)
    let_the_lease_run_out(job)
    sweep_jobs()
    run_job(job_id=job.pk)

    job.refresh_from_db()
    assert (job.state, job.error) == (JobState.SUCCEEDED, "")
    assert len(at_hand) == (2 if effect == "save_result" else 1)
    assert all(at_hand)
    assert not kept.exists()


def test_a_forgotten_message_is_sent_again(plan: Plan) -> None:
    OutboxMessage.objects.all().delete()

    assert sweep_jobs() == 1
    assert sweep_jobs() == 0
    assert OutboxMessage.objects.get().payload == {"job_id": str(only_job(plan).pk)}


def test_the_process_of_a_job_dies_with_its_worker(tmp_path: Path) -> None:
    script = (
        "import os, subprocess, sys, time;"
        "p = subprocess.Popen([sys.executable, '-m', 'unlearning.jobs.sandbox',"
        " str(os.getpid()), sys.argv[1]], start_new_session=True);"
        "print(p.pid, flush=True); time.sleep(60)"
    )
    fifo = tmp_path / "input.json"
    os.mkfifo(fifo)  # the runner waits here for somebody to write
    worker = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert worker.stdout is not None
    pid = int(worker.stdout.readline())
    wait_until(lambda: "unlearning.runner" in command_of(pid))

    worker.send_signal(signal.SIGKILL)
    worker.wait()
    worker.stdout.close()

    wait_until(lambda: command_of(pid) == "")


def command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def wait_until(condition: object, seconds: float = 20.0) -> None:
    assert callable(condition)
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.05)
