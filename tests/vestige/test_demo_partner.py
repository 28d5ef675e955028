"""The demo's recipient answers a notice through its link, however often it reads the letter."""

import pytest
from pytest_django.live_server_helper import LiveServer

from deletion_requests.services import notify_recipient
from tests.deletion_requests.recipients import LAKESIDE, Case, case_with, deliver, token_in
from vestige.demo.journey import JourneyError
from vestige.demo.partner import acknowledge

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def case() -> Case:
    """One recipient, notified by mail."""
    told = case_with(LAKESIDE)
    notify_recipient(plan_id=told.plan.pk, step_id=told.steps[0].pk)
    deliver()
    return told


def test_a_recipient_that_reads_its_letter_again_has_answered_once(
    live_server: LiveServer, case: Case
) -> None:
    link = f"{live_server.url}/acknowledge/{token_in()}"

    acknowledge(link)
    acknowledge(link)

    assert case.notice().state == "acknowledged"
    assert len(case.entries("recipient.acknowledged")) == 1


def test_a_link_that_leads_nowhere_is_refused(live_server: LiveServer) -> None:
    with pytest.raises(JourneyError, match="404"):
        acknowledge(f"{live_server.url}/acknowledge/{'x' * 43}")
