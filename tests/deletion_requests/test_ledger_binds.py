"""What the ledger binds of a request while it is worked on, so that a report can be held to it."""

from pathlib import Path

import pytest

from deletion_requests.models import DeletionRequest, RecordedTrace
from deletion_requests.selectors import request_view
from deletion_requests.services import advance_request, approve_plan
from governance.ledger.selectors import entries_about
from governance.subjects import subject_digest
from lineage.stated import stated_digest, stated_trace
from tests.factories import DeletionRequestFactory, OfficerFactory
from tests.people import ANN, record_dataset, write_dataset
from unlearning.models import PlanStep
from unlearning.recorded import planned_digest
from unlearning.selectors import latest_plan_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def planned(tmp_path: Path) -> DeletionRequest:
    record_dataset(write_dataset(tmp_path / "people"))
    OfficerFactory.create(username="ann")
    request: DeletionRequest = DeletionRequestFactory.create(
        state="verified", subject_digest=subject_digest(ANN).value
    )
    assert advance_request(request_id=request.pk) == "planned"
    return request


def bound(request: DeletionRequest, kind: str) -> dict[str, object]:
    [entry] = [e for e in entries_about(f"request:{request.pk}") if e.kind == kind]
    return dict(entry.payload)


def test_a_trace_is_bound_as_reports_state_it(planned: DeletionRequest) -> None:
    impact = RecordedTrace.objects.get(request=planned).impact
    digest = bound(planned, "trace.initial")["digest"]
    assert digest == stated_digest(stated_trace(impact))
    impact["affected"][0]["influence"] = ["exposure"]
    assert digest != stated_digest(stated_trace(impact))


def test_a_plan_is_bound_as_officers_read_it(planned: DeletionRequest) -> None:
    def read() -> str:
        plan = latest_plan_of(planned.pk)
        assert plan is not None
        return planned_digest((vars(step) for step in plan.steps), plan.uncovered)

    assert bound(planned, "plan.drafted")["planned"] == read()
    PlanStep.objects.update(reason="It is the best of all.")
    assert bound(planned, "plan.drafted")["planned"] != read()


def test_an_approval_is_bound_with_the_roles_that_the_officer_had(planned: DeletionRequest) -> None:
    view = request_view(planned.pk)
    assert view.plan is not None
    officer = OfficerFactory.create(username="ben")
    given = approve_plan(request_id=planned.pk, officer=officer, plan_digest=view.plan.digest)
    held = bound(planned, "request.approval")
    assert held["roles"] == ["Privacy officer"]
    assert held["approved_at"] == given.approved_at.isoformat(timespec="seconds")


def test_a_trace_counts_the_duplicates_that_nobody_decided_upon(tmp_path: Path) -> None:
    rows = [("C-1", ANN, "Bern"), ("C-2", "bob@example.org", "Bern"), ("C-3", ANN, "Rome")]
    record_dataset(write_dataset(tmp_path / "people", rows))
    OfficerFactory.create(username="ann")
    request = DeletionRequestFactory.create(
        state="verified", subject_digest=subject_digest(ANN).value
    )
    assert advance_request(request_id=request.pk) == "planned"
    impact = RecordedTrace.objects.get(request=request).impact
    assert stated_trace(impact)["undecided_duplicates"] == 1
    assert bound(request, "trace.initial")["digest"] == stated_digest(stated_trace(impact))
