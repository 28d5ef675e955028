"""Which worker does what: a job that takes hours holds up no code, letter or sweeper."""

from collections.abc import Iterator
from typing import Any

import pytest
from celery import Celery

from config import queues
from config.celery import app as vestige
from governance.management.commands import relay as command
from governance.outbox import SUBSCRIPTIONS
from governance.relay import CALL_EXPIRES_SECONDS


def queue_of(task: str, app: Celery = vestige) -> str:
    return str(app.amqp.router.route({}, task)["queue"].name)


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Celery]:
    """An app with Vestige's settings on a broker of its own, in memory."""
    app = Celery("test", set_as_current=False, broker="memory://")
    app.config_from_object("django.conf:settings", namespace="CELERY")
    app.conf.update(broker_url="memory://", broker_transport_options={})
    monkeypatch.setattr(command, "current_app", app)
    yield app
    app.close()


def waiting_in(queue: str, app: Celery) -> Any:  # noqa: ANN401 - kombu has no types
    with app.connection_for_read() as connection, connection.SimpleQueue(queue) as found:
        return found.get(block=False)


def test_only_jobs_go_to_the_queue_of_jobs() -> None:
    tasks = {task for subscribed in SUBSCRIPTIONS.values() for task in subscribed}
    assert {task for task in tasks if queue_of(task) == queues.JOBS} == {"unlearning.tasks.run_job"}
    assert set(queues.ROUTES) <= tasks


def test_a_worker_that_is_told_of_no_queue_serves_both() -> None:
    assert set(vestige.amqp.queues.consume_from) == {queues.ORDINARY, queues.JOBS}


def test_a_call_to_a_sweeper_grows_old_and_news_do_not(broker: Celery) -> None:
    command.call_sweeper("reports.tasks.sweep", {})
    command.send_to_broker("unlearning.tasks.run_job", {"job_id": "1"})

    call = waiting_in(queues.ORDINARY, broker)
    assert call.headers["task"] == "reports.tasks.sweep"
    assert call.headers["expires"] is not None
    assert CALL_EXPIRES_SECONDS >= 30, "the clocks of two machines may differ by some seconds"
    assert waiting_in(queues.JOBS, broker).headers["expires"] is None
