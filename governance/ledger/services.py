"""Writes to the ledger: there is one, and it appends."""

import json
import os
from collections.abc import Mapping

from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from governance.ledger.leaves import SALT_SIZE, entry_leaf
from governance.models import LedgerEntry

#: Key of the PostgreSQL advisory lock under which indexes are given out.
APPEND_LOCK = 0x56455354


@transaction.atomic
def append_entry(
    *, kind: str, actor: str, reference: str, payload: Mapping[str, object]
) -> LedgerEntry:
    """Append one entry in the caller's transaction; a rollback leaves no hole.

    Args:
        kind: What happened, e.g. ``request.approved``.
        actor: Who did it, e.g. ``officer:ann`` or ``system``.
        reference: What it is about, e.g. ``request:3f2c…``.
        payload: JSON values; no personal data in clear.
    """
    lock_appends()
    newest = LedgerEntry.objects.aggregate(newest=Max("index"))["newest"]
    # Through JSON once, so that the leaf commits to exactly what the column gives back.
    body = json.loads(json.dumps(dict(payload), default=str))
    salt = os.urandom(SALT_SIZE)
    entry = LedgerEntry(
        index=0 if newest is None else newest + 1,
        recorded_at=timezone.now(),
        kind=kind,
        actor=actor,
        reference=reference,
        payload=body,
        salt=salt,
    )
    entry.leaf_hash = entry_leaf(committed_fields(entry), salt)
    entry.save(force_insert=True)
    return entry


def lock_appends() -> None:
    """Hold back every other append until the current transaction ends."""
    with connection.cursor() as cursor:
        # Held to the end of the transaction: guarantees that the next index is read only after
        # the holder of the last one committed or rolled back, so indexes have no holes.
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [APPEND_LOCK])


def committed_fields(entry: LedgerEntry) -> dict[str, object]:
    """The fields of an entry that its leaf commits to, as JSON values."""
    return {
        "index": entry.index,
        "recorded_at": entry.recorded_at.isoformat(),
        "kind": entry.kind,
        "actor": entry.actor,
        "reference": entry.reference,
        "payload": entry.payload,
    }
