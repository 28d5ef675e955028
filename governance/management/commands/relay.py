"""``manage.py relay``: publish the outbox until told to stop."""

import signal
import threading
from argparse import ArgumentParser
from types import FrameType

from celery import current_app
from django.core.management.base import BaseCommand

from governance import relay


class Command(BaseCommand):
    """Runs the relay in the foreground; SIGTERM and Ctrl-C end it cleanly."""

    help = "Publish outbox rows to the workers, at least once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--once", action="store_true", help="publish what waits, then stop")

    def handle(self, *, once: bool, **_options: object) -> None:
        """Publish once, or until a signal arrives."""
        if once:
            while relay.publish_pending(send_to_broker):
                pass
            waiting = relay.unpublished()
            self.stdout.write(f"{waiting} rows wait." if waiting else "The outbox is empty.")
            return
        stop = threading.Event()

        def stop_cleanly(_signal: int, _frame: FrameType | None) -> None:
            stop.set()

        signal.signal(signal.SIGTERM, stop_cleanly)
        signal.signal(signal.SIGINT, stop_cleanly)
        relay.run(send_to_broker, stop, call=call_sweeper)


def send_to_broker(task: str, payload: dict[str, object]) -> None:
    """Hand one task to Celery's broker, failing at once when it is away."""
    current_app.send_task(task, kwargs=payload, retry=False)


def call_sweeper(task: str, payload: dict[str, object]) -> None:
    """Hand a call to a sweeper to the broker; a worker drops it when it has grown old."""
    current_app.send_task(task, kwargs=payload, retry=False, expires=relay.CALL_EXPIRES_SECONDS)
