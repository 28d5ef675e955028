"""Two requests that meet in one artifact: one works, the other waits and is planned anew."""

from pathlib import Path

import pytest
from django.utils import timezone

from deletion_requests.models import DeletionRequest
from deletion_requests.services import advance_request, approve_plan, sweep_requests
from governance.models import LedgerEntry, Role
from governance.subjects import subject_digest
from lineage.models import Artifact
from lineage.services import record_redaction
from tests.factories import DeletionRequestFactory, OfficerFactory
from tests.people import ANN, CEM, ROWS, record_dataset, write_dataset
from unlearning.models import Job, Plan

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(tmp_path: Path) -> Artifact:
    return record_dataset(write_dataset(tmp_path / "people"))


@pytest.fixture
def approved(people: Artifact) -> tuple[DeletionRequest, DeletionRequest]:  # noqa: ARG001 - the data
    officers = [OfficerFactory.create(), OfficerFactory.create(roles=[Role.APPROVER])]
    first, second = (_planned(email) for email in (ANN, CEM))
    for request in (first, second):
        digest = Plan.objects.get(case_id=request.pk).digest
        for officer in officers:
            approve_plan(request_id=request.pk, officer=officer, plan_digest=digest)
    return first, second


def _planned(email: str) -> DeletionRequest:
    request: DeletionRequest = DeletionRequestFactory.create(
        state="verified", subject_digest=subject_digest(email).value
    )
    assert advance_request(request_id=request.pk) == "planned"
    return request


def test_the_second_waits_while_the_first_is_at_work(
    approved: tuple[DeletionRequest, DeletionRequest],
) -> None:
    first, second = approved
    assert advance_request(request_id=first.pk) == "executing"
    assert advance_request(request_id=second.pk) == "approved"
    sweep_requests()
    assert not Job.objects.filter(plan__case_id=second.pk).exists()


def test_a_plan_that_the_world_has_outrun_is_drawn_up_and_approved_anew(
    approved: tuple[DeletionRequest, DeletionRequest], people: Artifact
) -> None:
    first, second = approved
    advance_request(request_id=first.pk)
    outdated = Plan.objects.get(case_id=second.pk)
    write_dataset(Path(people.location.removeprefix("file://")), rows=ROWS[1:])
    record_redaction(dataset_version_id=people.pk)
    Plan.objects.filter(case_id=first.pk).update(settled_at=timezone.now())

    assert advance_request(request_id=second.pk) == "planned"

    fresh = Plan.objects.exclude(pk=outdated.pk).get(case_id=second.pk)
    assert fresh.digest != outdated.digest
    assert fresh.steps.get().artifact.state == "current"
    assert LedgerEntry.objects.filter(kind="request.plan_outdated").count() == 1


def test_a_plan_is_drawn_up_anew_when_another_place_was_recorded_meanwhile(
    approved: tuple[DeletionRequest, DeletionRequest], people: Artifact
) -> None:
    first, _ = approved
    outdated = Plan.objects.get(case_id=first.pk)
    people.attributes["copies"] = ["file:///etc"]
    people.save()

    assert advance_request(request_id=first.pk) == "planned"

    fresh = Plan.objects.exclude(pk=outdated.pk).get(case_id=first.pk)
    assert fresh.steps.get().places == [people.location, "file:///etc"]
    assert fresh.digest != outdated.digest
    assert not Job.objects.exists()


def test_an_unchanged_world_needs_no_second_approval(
    approved: tuple[DeletionRequest, DeletionRequest],
) -> None:
    _, second = approved
    assert advance_request(request_id=second.pk) == "executing"
    assert Plan.objects.filter(case_id=second.pk).count() == 1
