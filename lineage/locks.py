"""The lock of the graph's writers."""

from django.db import connection

#: Key of the advisory lock that all writers of the graph take ("lineage" in ASCII, cut to 63 bits).
GRAPH_LOCK = 0x6C696E65616765


def lock_graph() -> None:
    """Wait for the lock of the graph's writers, held until the transaction ends.

    It guarantees that no other writer finds a row absent, or reads its fields, between our
    reading and our writing: nothing is made twice and no merge is lost.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [GRAPH_LOCK])


def try_lock_graph() -> bool:
    """Take the lock of the graph's writers if nobody holds it, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [GRAPH_LOCK])
        (taken,) = cursor.fetchone()
    return bool(taken)
