"""What leaves a case, and what stays of it here, does not name the data subject."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pytest_django import Settings

from deletion_requests.services import sweep_requests
from governance.ledger.selectors import entries_about
from governance.subjects import subject_digest
from lineage.selectors import trace
from tests.factories import DeletionRequestFactory, OfficerFactory
from tests.people import ANN, record_dataset, write_dataset
from unlearning import product
from unlearning.errors import PromotionRefusedError
from unlearning.jobs.findings import StepFinding, run_recorded
from unlearning.jobs.inputs import canonical_digest
from unlearning.jobs.lease import acquire
from unlearning.jobs.promotion import promote_plan
from unlearning.jobs.suppression import probe
from unlearning.models import Job, Plan
from unlearning.services import discard_workspaces, draft_plan, start_plan
from unlearning.services.settling import fail_job, record_evidence

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan(tmp_path: Path, settings: Settings) -> Plan:
    settings.JOBS_DIR = tmp_path / "jobs"
    record_dataset(write_dataset(tmp_path / "people"))
    drafted = draft_plan(
        case_id=uuid4(), impact=trace(subject_digest(ANN)), author=OfficerFactory.create()
    )
    start_plan(plan_id=drafted.pk)
    return drafted


def test_nobody_outside_can_try_record_ids_against_a_digest(plan: Plan, settings: Settings) -> None:
    job = plan.jobs.get()
    told = run_recorded(job).payload["input_digest"]
    assert told != canonical_digest(job.input)
    assert told == run_recorded(job).payload["input_digest"]

    settings.SUBJECT_PEPPERS = {settings.SUBJECT_PEPPER_VERSION: b"another pepper, same input"}
    assert told != run_recorded(job).payload["input_digest"]


def test_a_failure_reaches_the_ledger_without_the_record(plan: Plan) -> None:
    job = plan.jobs.get()
    lease = acquire(job.pk)
    assert lease is not None

    fail_job(job, lease, error="KeyError: 'C-1' is not C-12")

    job.refresh_from_db()
    assert job.error == "KeyError: '[record]' is not C-12"
    [entry] = [e for e in entries_about(f"request:{plan.case_id}") if e.kind == "job.failed"]
    assert entry.payload["note"] == job.error


def workspace(job: Job, settings: Settings) -> Path:
    folder = Path(settings.JOBS_DIR) / str(job.pk) / "1" / "out" / "forget-set"
    folder.mkdir(parents=True)
    (folder / "segment-0000.csv").write_text("C-1")
    return folder


def test_the_folders_of_a_case_are_discarded_and_no_others(plan: Plan, settings: Settings) -> None:
    folder = workspace(plan.jobs.get(), settings)
    other = Path(settings.JOBS_DIR) / str(uuid4())
    other.mkdir()

    assert discard_workspaces(case_id=plan.case_id) == 1
    assert discard_workspaces(case_id=plan.case_id) == 0
    assert not folder.exists()
    assert other.exists()


@pytest.mark.parametrize(
    ("state", "kept"), [("closed", False), ("denied", False), ("needs_human", True)]
)
def test_the_sweeper_discards_what_an_ended_request_left(
    plan: Plan, settings: Settings, state: str, kept: bool
) -> None:
    DeletionRequestFactory.create(pk=plan.case_id, state=state)
    folder = workspace(plan.jobs.get(), settings)
    (Path(settings.JOBS_DIR) / "no-job").mkdir()

    sweep_requests()

    assert folder.exists() is kept


@pytest.mark.parametrize(("made_up", "outcome"), [(422, "passed"), (451, "failed")])
def test_a_product_that_refuses_everybody_is_no_evidence_of_suppression(
    plan: Plan, monkeypatch: pytest.MonkeyPatch, made_up: int, outcome: str
) -> None:
    def predict(_endpoint: str, body: dict[str, Any]) -> product.Answer:
        status = 451 if body["record_id"] == "C-1" else made_up
        return product.Answer(status=status, digest="", body=None)

    monkeypatch.setattr(product, "predict", predict)

    finding = probe(plan.steps.get())

    assert finding.outcome == outcome
    assert finding.payload["control_refused"] is (made_up == 451)


def test_a_folder_that_cannot_be_deleted_does_not_hold_up_the_sweep(
    plan: Plan, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    DeletionRequestFactory.create(pk=plan.case_id, state="closed")
    folder = workspace(plan.jobs.get(), settings)

    def refuse(_path: Path) -> None:
        raise PermissionError

    monkeypatch.setattr("shutil.rmtree", refuse)
    sweep_requests()
    monkeypatch.undo()
    sweep_requests()

    assert not folder.exists()


@pytest.mark.parametrize(
    "kind",
    [
        "vectors_absent",
        "replay_equal",
        "source_rows_absent",
        "utility_floor",
        "synthetic_regenerated",
        "artifact_destroyed",
    ],
)
def test_versions_that_failed_a_check_do_not_go_live_by_themselves(plan: Plan, kind: str) -> None:
    step = plan.steps.get()
    record_evidence(
        plan_id=plan.pk,
        finding=StepFinding(
            step_id=step.pk, kind=kind, outcome="failed", summary="It is still there.", payload={}
        ),
    )
    job = plan.jobs.get()
    lease = acquire(job.pk)
    assert lease is not None

    with pytest.raises(PromotionRefusedError, match=kind.replace("_", " ")):
        promote_plan(job, lease)
