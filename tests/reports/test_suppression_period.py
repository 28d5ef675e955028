"""For how long the report says that outputs were suppressed."""

import pytest
from django.utils import timezone

from reports.treatments import actions_of
from tests.factories import EvidenceFactory, PlanFactory, PlanStepFactory
from unlearning.models import PlanStep
from unlearning.selectors import plan_view

pytestmark = pytest.mark.django_db


@pytest.fixture
def step() -> PlanStep:
    plan = PlanFactory.create(started_at=timezone.now(), settled_at=timezone.now())
    made: PlanStep = PlanStepFactory.create(plan=plan, method="output_suppression")
    return made


def period(step: PlanStep) -> str:
    [action] = actions_of(plan_view(step.plan_id), {"affected": []}, None)
    return action.period


def test_a_suppression_ends_with_the_work(step: PlanStep) -> None:
    assert period(step).startswith("while the work was under way")


def test_a_suppression_that_was_kept_is_said_to_hold_on(step: PlanStep) -> None:
    EvidenceFactory.create(plan=step.plan, step=step, kind="suppression_kept")
    assert period(step).endswith("and still are")
