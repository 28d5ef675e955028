import threading
from collections.abc import Iterator

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from kombu.exceptions import OperationalError

from governance import outbox, relay
from governance.models import OutboxMessage

Sent = list[tuple[str, dict[str, object]]]


@pytest.fixture(autouse=True)
def subscriptions() -> Iterator[None]:
    before = {topic: list(tasks) for topic, tasks in outbox.SUBSCRIPTIONS.items()}
    outbox.subscribe("test.news", "test.first")
    outbox.subscribe("test.news", "test.second")
    yield
    outbox.SUBSCRIPTIONS.clear()
    outbox.SUBSCRIPTIONS.update(before)


@pytest.mark.django_db
def test_each_subscriber_gets_the_news_and_the_row_is_published_once() -> None:
    outbox.publish("test.news", request_id="1")
    sent: Sent = []
    assert relay.publish_pending(lambda task, payload: sent.append((task, payload))) == 1
    assert sent == [("test.first", {"request_id": "1"}), ("test.second", {"request_id": "1"})]
    assert relay.publish_pending(lambda *_: pytest.fail("published twice")) == 0


@pytest.mark.django_db
def test_a_rollback_takes_the_news_back() -> None:
    with transaction.atomic():
        outbox.publish("test.news")
        transaction.set_rollback(True)
    assert OutboxMessage.objects.count() == 0


@pytest.mark.django_db
def test_nothing_is_lost_while_the_broker_is_away() -> None:
    for number in range(3):
        outbox.publish("test.news", number=number)
    sent: Sent = []

    def fail_in_the_middle(task: str, payload: dict[str, object]) -> None:
        if payload["number"] == 1:
            raise OperationalError("the broker went away")
        sent.append((task, payload))

    assert relay.publish_pending(fail_in_the_middle) == 1
    assert relay.unpublished() == 2
    assert relay.publish_pending(lambda task, payload: sent.append((task, payload))) == 2
    assert [payload["number"] for task, payload in sent if task == "test.first"] == [0, 1, 2]


@pytest.mark.django_db
def test_a_crash_between_sending_and_marking_sends_again() -> None:
    outbox.publish("test.news", number=1)
    sent: Sent = []

    def crash_after_sending(task: str, payload: dict[str, object]) -> None:
        sent.append((task, payload))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), transaction.atomic():
        relay.publish_pending(crash_after_sending)
    relay.publish_pending(lambda task, payload: sent.append((task, payload)))
    assert [task for task, _ in sent] == ["test.first", "test.first", "test.second"]


@pytest.mark.django_db(transaction=True)
def test_a_second_relay_skips_what_the_first_one_holds() -> None:
    outbox.publish("test.news", number=1)
    seen: Sent = []

    def look_from_elsewhere(task: str, payload: dict[str, object]) -> None:
        seen.append((task, payload))
        with connection.copy().cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM (SELECT 1 FROM governance_outboxmessage"
                " WHERE published_at IS NULL FOR UPDATE SKIP LOCKED) AS free"
            )
            assert cursor.fetchone() == (0,)
            cursor.db.close()

    assert relay.publish_pending(look_from_elsewhere) == 1


@pytest.mark.django_db
def test_the_relay_waits_an_outage_out_and_stops_when_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(relay, "IDLE_SECONDS", 0.001)
    outbox.subscribe(outbox.SWEEP, "test.sweep")
    outbox.publish("test.news", number=1)
    stop, tries, sent = threading.Event(), iter(range(4)), []

    def fail_four_times(task: str, payload: dict[str, object]) -> None:
        if next(tries, None) is not None:
            raise OperationalError("the broker is away")
        sent.append((task, payload))
        if task == "test.second":
            stop.set()

    relay.run(fail_four_times, stop, call=fail_four_times)
    assert [task for task, _ in sent][-2:] == ["test.first", "test.second"]
    assert relay.unpublished() == 0


@pytest.mark.django_db
def test_the_command_hands_every_row_to_the_broker(capsys: pytest.CaptureFixture[str]) -> None:
    outbox.publish("test.news", number=1)
    call_command("relay", "--once")
    assert capsys.readouterr().out == "The outbox is empty.\n"


def test_a_subscription_repeated_stays_one() -> None:
    outbox.subscribe("test.news", "test.first")
    assert outbox.SUBSCRIPTIONS["test.news"] == ["test.first", "test.second"]


def test_sweepers_are_called_without_a_row() -> None:
    outbox.subscribe(outbox.SWEEP, "test.sweep")
    sent: Sent = []
    relay.send_sweep(lambda task, payload: sent.append((task, payload)))
    assert ("test.sweep", {}) in sent
