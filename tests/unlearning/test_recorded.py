"""What the ledger binds of a finding and of a plan changes with every word of it."""

import pytest

from unlearning.recorded import PLANNED, planned_digest, recorded_finding

FINDING = {
    "artifact": "income-net",
    "kind": "time_ratio",
    "outcome": "failed",
    "summary": "It took longer than a retraining.",
    "digest": "a" * 64,
}
STEP: dict[str, object] = dict.fromkeys(PLANNED, "as read")


def test_kind_and_outcome_can_be_read_in_the_ledger() -> None:
    bound = recorded_finding(**FINDING)
    assert (bound["kind"], bound["outcome"]) == ("time_ratio", "failed")


@pytest.mark.parametrize("name", FINDING)
def test_every_part_of_a_finding_is_bound(name: str) -> None:
    other = recorded_finding(**{**FINDING, name: "something else"})
    assert other["digest"] != recorded_finding(**FINDING)["digest"]


@pytest.mark.parametrize("name", PLANNED)
def test_every_part_of_a_step_is_bound(name: str) -> None:
    other = planned_digest([{**STEP, name: "something else"}], [])
    assert other != planned_digest([STEP], [])


def test_what_comes_after_the_approval_is_not_bound_by_it() -> None:
    assert planned_digest([{**STEP, "state": "done"}], []) == planned_digest([STEP], [])


def test_what_no_method_can_treat_is_bound_too() -> None:
    assert planned_digest([STEP], [{"artifact": "log"}]) != planned_digest([STEP], [])
