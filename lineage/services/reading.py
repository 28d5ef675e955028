"""Reading the datasets that were announced: whatever becomes of the news, and never for ever."""

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from governance.attempts import DATABASE_AWAY, attempts_are_spent, defect, pause_after
from lineage.errors import UnreadableRecords
from lineage.locks import try_lock_graph
from lineage.models import DueReading
from lineage.services.record_index import load_record_index, note_changed_rows

log = logging.getLogger(__name__)

#: How long the news of a dataset may be on its way before the sweeper reads it.
_NEWS_TRAVELS = timedelta(seconds=30)


def attempt_reading(*, dataset_version_id: int) -> None:
    """Read a dataset, or note why it could not be read; what is noted stands in its gap.

    A database that is away does not count as an attempt.

    Raises:
        django.db.OperationalError: The database is away.
        django.db.InterfaceError: The same.
    """
    try:
        load_record_index(dataset_version_id=dataset_version_id)
    except DATABASE_AWAY:
        raise
    except Exception as error:  # whatever it is, the gap says so, and others are read
        log.exception("Dataset %s could not be read.", dataset_version_id)
        DueReading.objects.filter(artifact_id=dataset_version_id).update(
            attempts=F("attempts") + 1, tried_at=timezone.now(), trouble=_trouble(error)
        )
        note_changed_rows(dataset_version_id=dataset_version_id)


def sweep_readings() -> None:
    """Read the datasets whose news was lost, and those whose reading failed not too often."""
    for dataset_id in _due(timezone.now()):
        _read_if_still_due(dataset_id)


@transaction.atomic
def _read_if_still_due(dataset_id: int) -> None:
    # Whoever holds the lock may be reading this very dataset, for minutes: the next sweep looks
    # again, and no worker waits here. Held by us, it guarantees that nobody reads it beside us.
    if try_lock_graph() and DueReading.objects.filter(artifact_id=dataset_id).exists():
        attempt_reading(dataset_version_id=dataset_id)


def _due(now: datetime) -> list[int]:
    waiting = DueReading.objects.filter(announced_at__lt=now - _NEWS_TRAVELS).order_by("pk")
    return [
        row.artifact_id
        for row in waiting
        if not attempts_are_spent(row.attempts) and not _rests(row, now)
    ]


def _rests(row: DueReading, now: datetime) -> bool:
    return row.tried_at is not None and now < row.tried_at + pause_after(row.attempts)


def _trouble(error: Exception) -> str:
    """Say what went wrong without the rows, which a foreign error's own words may hold."""
    if isinstance(error, UnreadableRecords):
        return str(error)
    if isinstance(error, OSError):
        return f"its files cannot be read ({error.strerror or type(error).__name__})."
    return defect(error)
