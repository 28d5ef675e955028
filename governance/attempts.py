"""What is tried again, after which pause, and when it is a person's turn."""

from datetime import timedelta

from django.conf import settings
from django.db import InterfaceError, OperationalError

#: A database that is away, restarts or refuses for now; waited out, and no attempt at anything.
DATABASE_AWAY = (OperationalError, InterfaceError)

#: Minutes to wait after the first attempt; each further wait is this many times as long.
_FIRST_PAUSE_MINUTES = 1
_GROWTH = 5


def attempts_are_spent(attempts: int) -> bool:
    """Whether a person must see to what was tried this often."""
    return attempts >= settings.JOB_MAX_ATTEMPTS


def pause_after(attempts: int) -> timedelta:
    """How long to wait after this many attempts before the next one."""
    return timedelta(minutes=_FIRST_PAUSE_MINUTES * _GROWTH ** max(attempts - 1, 0))


def defect(error: Exception) -> str:
    """Say that the program is at fault, without the data that an error's own words may hold.

    >>> defect(KeyError("C-1"))
    "there is a defect (KeyError); the worker's log tells more."
    """
    return f"there is a defect ({type(error).__name__}); the worker's log tells more."
