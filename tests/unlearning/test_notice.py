"""A recipient's notice: counted in the job, handed over in the transaction that ends it."""

from pathlib import Path
from uuid import uuid4

import pytest
from pytest_django import Settings

from governance.models import OutboxMessage
from governance.subjects import subject_digest
from lineage.graph import ArtifactKind, Relation
from lineage.models import Derivation
from lineage.selectors import trace
from tests.factories import ArtifactFactory, OfficerFactory
from tests.people import ANN, record_dataset, write_dataset
from tests.unlearning.cuts import Killed, cut_at
from unlearning.jobs import running
from unlearning.jobs.running import run_job
from unlearning.models import Job, JobState, Plan, StepState
from unlearning.services import draft_plan, start_plan

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan(tmp_path: Path, settings: Settings) -> Plan:
    """A started plan about Ann, of whose rows a recipient has a copy."""
    settings.JOBS_DIR = tmp_path / "jobs"
    dataset = record_dataset(write_dataset(tmp_path / "people"))
    recipient = ArtifactFactory.create(
        kind=ArtifactKind.RECIPIENT,
        name="lakeside-insights",
        attributes={"contact": "mailto:privacy@lakeside.example"},
    )
    Derivation.objects.create(upstream=dataset, downstream=recipient, relation=Relation.COPIED_TO)
    drafted = draft_plan(
        case_id=uuid4(), impact=trace(subject_digest(ANN)), author=OfficerFactory.create()
    )
    start_plan(plan_id=drafted.pk)
    return drafted


def notice_job(plan: Plan) -> Job:
    return plan.jobs.get(step__method="recipient_notice")


def due() -> list[dict[str, object]]:
    topic = "unlearning.recipient_notice_due"
    return list(OutboxMessage.objects.filter(topic=topic).values_list("payload", flat=True))


def test_a_notice_counts_the_records_and_names_the_dataset(plan: Plan) -> None:
    run_job(job_id=notice_job(plan).pk)

    job = notice_job(plan)
    assert (job.state, job.error) == (JobState.SUCCEEDED, "")
    assert job.step is not None
    assert job.step.state == StepState.DONE
    assert job.step.outcome["details"]["notice"] == {"records": 1, "dataset": "people v1"}
    assert due() == [{"plan_id": str(plan.pk), "step_id": job.step_id}]


def test_a_kill_before_the_end_of_the_job_hands_over_no_second_notice(plan: Plan) -> None:
    job = notice_job(plan)
    with cut_at(1, (running, "finish_job")), pytest.raises(Killed):
        run_job(job_id=job.pk)
    assert due() == []
    Job.objects.filter(pk=job.pk).update(state=JobState.QUEUED)

    run_job(job_id=job.pk)

    assert len(due()) == 1
