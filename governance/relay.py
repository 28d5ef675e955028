"""Publishes the outbox: at least once, in order of writing, surviving a broker that is away.

PostgreSQL is the truth and the broker a hint. A row counts as published only after every
subscriber's task was accepted by the broker; a crash in between repeats it.
"""

import logging
import threading
import time
from collections.abc import Callable

from django.db import close_old_connections, transaction
from django.db.models import F
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerError
from redis.exceptions import RedisError

from governance.attempts import DATABASE_AWAY
from governance.models import OutboxMessage
from governance.outbox import SUBSCRIPTIONS, SWEEP

#: Takes a task name and its keyword arguments; returns once the broker has them.
Send = Callable[[str, dict[str, object]], None]

log = logging.getLogger(__name__)

BATCH = 100
IDLE_SECONDS = 0.25
SWEEP_SECONDS = 5.0
#: Seconds after which a call to the sweepers may be dropped: later ones wait behind it. Wide enough
#: for the clocks of two machines to differ.
CALL_EXPIRES_SECONDS = 30
#: Longest pause between two tries while broker or database are away.
MAX_PAUSE_SECONDS = 10.0
BROKER_AWAY = (BrokerError, RedisError, OSError)
AWAY = (*BROKER_AWAY, *DATABASE_AWAY)


def publish_pending(send: Send) -> int:
    """Publish one batch of unpublished rows.

    Args:
        send: Hands one task to the broker; raising leaves the row for the next try.

    Returns:
        How many rows were published.
    """
    published = 0
    with transaction.atomic():
        # Locks the batch: two relays never take one row at the same time; the second one skips
        # it and goes on. A row whose holder dies is free again at once.
        rows = (
            OutboxMessage.objects.select_for_update(skip_locked=True)
            .filter(published_at__isnull=True)
            .order_by("id")[:BATCH]
        )
        for row in rows:
            try:
                for task in SUBSCRIPTIONS.get(row.topic, []):
                    send(task, dict(row.payload))
            except BROKER_AWAY:
                OutboxMessage.objects.filter(pk=row.pk).update(attempts=F("attempts") + 1)
                log.warning("Could not publish %s; it stays in the outbox.", row)
                break
            OutboxMessage.objects.filter(pk=row.pk).update(
                published_at=timezone.now(), attempts=F("attempts") + 1
            )
            published += 1
    return published


def send_sweep(call: Send) -> None:
    """Tell the sweepers to look for work that a crash stranded."""
    for task in SUBSCRIPTIONS.get(SWEEP, []):
        call(task, {})


def run(send: Send, stop: threading.Event, *, call: Send) -> None:
    """Publish until ``stop`` is set; outages are waited out, nothing is given up.

    Args:
        send: Hands one task to the broker.
        stop: Ends the loop.
        call: Hands a call to a sweeper to the broker, for ``CALL_EXPIRES_SECONDS`` only, so that
            calls do not pile up while no worker is free.
    """
    pause, next_sweep = IDLE_SECONDS, 0.0
    while not stop.is_set():
        try:
            if time.monotonic() >= next_sweep:
                send_sweep(call)
                next_sweep = time.monotonic() + SWEEP_SECONDS
            published, waiting = publish_pending(send), unpublished()
        except AWAY as error:
            log.warning("Broker or database are away: %s", error)
            if isinstance(error, DATABASE_AWAY):
                close_old_connections()
            published, waiting = 0, 1
        stuck = published == 0 and waiting
        pause = min(pause * 2, MAX_PAUSE_SECONDS) if stuck else IDLE_SECONDS
        if published < BATCH:
            stop.wait(pause)


def unpublished() -> int:
    """How many rows still wait."""
    return OutboxMessage.objects.filter(published_at__isnull=True).count()
