"""News that leaves with the transaction it tells of, and who wants to hear it.

A row is written beside the change; ``governance.relay`` publishes it afterwards, at least once.
Subscribers must therefore be idempotent.
"""

from typing import TYPE_CHECKING

from django.apps import apps

if TYPE_CHECKING:
    from governance.models import OutboxMessage

#: Topic to the names of the Celery tasks that take its payload as keyword arguments.
SUBSCRIPTIONS: dict[str, list[str]] = {}

#: Topic that the relay sends every few seconds without a row; sweepers subscribe to it.
SWEEP = "sweep"


def publish(topic: str, **payload: object) -> "OutboxMessage":
    """Write news into the current transaction; a rollback takes it back.

    Args:
        topic: e.g. ``request.verified``.
        **payload: JSON values, mostly ids; receivers load the rest themselves.
    """
    # By name: apps subscribe while Django still loads, before any model may be imported.
    message: type[OutboxMessage] = apps.get_model("governance", "OutboxMessage")
    return message.objects.create(topic=topic, payload=payload)


def subscribe(topic: str, task: str) -> None:
    """Send a topic to a Celery task; called in ``AppConfig.ready``, harmless when repeated.

    Args:
        topic: The topic as published.
        task: Full task name, e.g. ``reports.tasks.write_report``.
    """
    tasks = SUBSCRIPTIONS.setdefault(topic, [])
    if task not in tasks:
        tasks.append(task)
