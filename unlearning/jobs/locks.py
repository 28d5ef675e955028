"""One effect at a time, across every worker of the installation."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def effect_lock(key: str) -> Iterator[None]:
    """Hold the PostgreSQL advisory lock of one effect.

    The lock belongs to the database session: it guarantees that two workers never look up and make
    the same effect at the same time, and a worker that is killed loses it with its connection.

    Args:
        key: Names the effect, e.g. ``step:42``.
    """
    number = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [number])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [number])
