"""A check of the ledger sees a finding that was changed where it is stored."""

from collections.abc import Callable

import pytest

from governance.ledger.fsck import check_ledger
from governance.ledger.selectors import rows
from tests.factories import EvidenceFactory
from unlearning.bound_findings import bound_entries
from unlearning.ledgering import as_recorded, note
from unlearning.models import Evidence

pytestmark = pytest.mark.django_db


@pytest.fixture
def finding() -> Evidence:
    row: Evidence = EvidenceFactory.create(kind="time_ratio", outcome="failed")
    note(row.plan, "plan.promoted", {"evidence": as_recorded([row])})
    return row


def problems() -> list[str]:
    return check_ledger(rows(), expected=bound_entries()).problems


def relabelled(row: Evidence) -> None:
    Evidence.objects.filter(pk=row.pk).update(kind="artifact_destroyed")


def passed(row: Evidence) -> None:
    Evidence.objects.filter(pk=row.pk).update(outcome="passed")


def reworded(row: Evidence) -> None:
    Evidence.objects.filter(pk=row.pk).update(summary="All is well.")


def deleted(row: Evidence) -> None:
    row.delete()


@pytest.mark.parametrize("change", [relabelled, passed, reworded, deleted])
def test_a_finding_that_was_changed_where_it_is_stored_is_found(
    finding: Evidence, change: Callable[[Evidence], None]
) -> None:
    assert problems() == []
    reference = f"request:{finding.plan.case_id}"
    change(finding)
    assert problems() == [
        f"Entry 0 does not commit to the findings of {reference} as it is stored."
    ]


def test_a_finding_that_a_later_one_replaced_is_bound_by_the_later_entry(
    finding: Evidence,
) -> None:
    finding.outcome = "passed"
    finding.save()
    note(finding.plan, "plan.promoted", {"evidence": as_recorded([finding])})
    assert problems() == []
    finding.outcome = "failed"
    finding.save()
    [problem] = problems()
    assert problem.startswith("Entry 1 does not commit to the findings of request:")


def test_an_entry_of_an_earlier_version_binds_the_data(finding: Evidence) -> None:
    key = next(iter(as_recorded([finding])))
    note(finding.plan, "plan.promoted", {"evidence": {key: finding.digest}})
    assert problems() == []
    finding.digest = "0" * 64
    finding.save()
    assert len(problems()) == 1
