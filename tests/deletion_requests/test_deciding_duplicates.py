"""Whose row a duplicate is: an officer decides while it still changes what will be done."""

from pathlib import Path

import pytest
from django.test import Client
from rest_framework.test import APIClient

from deletion_requests.errors import DuplicatesSettledError
from deletion_requests.models import DeletionRequest, RecordedTrace
from deletion_requests.selectors import duplicates_in, request_view
from deletion_requests.services import advance_request, approve_plan, decide_duplicate_of
from governance.errors import InvalidInput
from governance.ledger.selectors import entries_about
from governance.models import Role
from governance.subjects import subject_digest
from tests.factories import DeletionRequestFactory, OfficerFactory
from tests.people import ANN, record_dataset, write_dataset
from unlearning.models import Plan
from unlearning.selectors import latest_plan_of

pytestmark = pytest.mark.django_db

ROWS = [("C-1", ANN, "Bern"), ("C-2", "bob@example.org", "Bern"), ("C-3", ANN, "Rome")]


@pytest.fixture
def request_of_ann(tmp_path: Path) -> DeletionRequest:
    record_dataset(write_dataset(tmp_path / "people", ROWS))
    OfficerFactory.create(username="ann")
    request: DeletionRequest = DeletionRequestFactory.create(
        state="verified", subject_digest=subject_digest(ANN).value
    )
    assert advance_request(request_id=request.pk) == "planned"
    return request


def decide(request: DeletionRequest, record: str, decision: str) -> DeletionRequest:
    return decide_duplicate_of(
        request_id=request.pk, record_id=record, decision=decision, actor="officer:ann"
    )


def traced(request: DeletionRequest) -> tuple[set[str], int]:
    """The records that the plan takes along, and how many rows were open when it was drawn up."""
    impact = RecordedTrace.objects.get(request=request, purpose="initial").impact
    records = {record["record_id"] for record in impact["records"]}
    return records, impact.get("undecided_duplicates", 0)


def test_a_row_of_the_same_person_is_planned_and_approved_anew(
    request_of_ann: DeletionRequest,
) -> None:
    assert traced(request_of_ann) == ({"C-1", "C-3"}, 1)
    before = Plan.objects.get(case_id=request_of_ann.pk)
    officer = OfficerFactory.create(roles=[Role.APPROVER])
    approve_plan(request_id=request_of_ann.pk, officer=officer, plan_digest=before.digest)
    assert decide(request_of_ann, "C-2", "same_person").state == "verified"
    assert advance_request(request_id=request_of_ann.pk) == "planned"
    assert traced(request_of_ann) == ({"C-1", "C-2", "C-3"}, 0)
    after = latest_plan_of(request_of_ann.pk)
    assert after is not None
    assert after.digest != before.digest
    assert request_view(request_of_ann.pk).approvals == ()
    assert duplicates_in(request_of_ann.pk) == ()


def test_a_row_of_another_person_stays_and_is_open_no_more(
    request_of_ann: DeletionRequest,
) -> None:
    decide(request_of_ann, "C-2", "other_person")
    assert advance_request(request_id=request_of_ann.pk) == "planned"
    assert traced(request_of_ann) == ({"C-1", "C-3"}, 0)
    [row] = duplicates_in(request_of_ann.pk)
    assert (row.record_id, row.decision) == ("C-2", "other_person")


def test_a_request_that_waits_to_be_traced_stays_where_it_is(
    request_of_ann: DeletionRequest,
) -> None:
    decide(request_of_ann, "C-2", "other_person")
    assert decide(request_of_ann, "C-2", "same_person").state == "verified"


@pytest.mark.parametrize("state", ["identity_pending", "executing", "closed"])
def test_nothing_is_decided_where_it_changes_nothing(
    request_of_ann: DeletionRequest, state: str
) -> None:
    DeletionRequest.objects.filter(pk=request_of_ann.pk).update(state=state)
    with pytest.raises(DuplicatesSettledError):
        decide(request_of_ann, "C-2", "same_person")
    assert duplicates_in(request_of_ann.pk) == ()
    assert not entries_about("record-index")


def test_a_row_that_is_no_duplicate_leaves_the_plan_as_it_is(
    request_of_ann: DeletionRequest,
) -> None:
    with pytest.raises(InvalidInput):
        decide(request_of_ann, "C-9", "same_person")
    request_of_ann.refresh_from_db()
    assert request_of_ann.state == "planned"


def test_programs_read_the_list_and_officers_decide(
    request_of_ann: DeletionRequest, portal: APIClient
) -> None:
    path = f"/api/v1/requests/{request_of_ann.pk}/duplicates"
    expected = {
        "record_id": "C-2",
        "datasets": ["people v1"],
        "named": True,
        "similarity": 1.0,
        "decision": None,
    }
    assert portal.get(path).json() == {"duplicates": [expected]}
    decision = {"record": "C-2", "decision": "same_person"}
    assert portal.post(path, decision, format="json").status_code == 403
    officer = APIClient()
    officer.force_login(OfficerFactory.create())
    answer = officer.post(path, {**decision, "decision": "mine"}, format="json")
    assert answer.json()["errors"][0]["pointer"] == "/decision"
    assert officer.post(path, decision, format="json").json()["state"] == "verified"
    [entry] = entries_about("record-index")
    assert entry.actor.startswith("officer:")


def test_the_page_lists_them_with_the_buttons(
    request_of_ann: DeletionRequest, client: Client
) -> None:
    client.force_login(OfficerFactory.create())
    page = client.get(f"/requests/{request_of_ann.pk}/").content.decode()
    assert "C-2" in page
    assert "Not decided" in page
    where = f"/requests/{request_of_ann.pk}/duplicates"
    answer = client.post(where, {"record": "C-2", "decision": "other_person"}, follow=True)
    assert "It is recorded whose C-2 is." in answer.content.decode()
    answer = client.post(where, {"record": "C-2", "decision": "mine"}, follow=True)
    assert "Say of one row whose it is." in answer.content.decode()
