"""The one way into the postings: memberships are gathered, then merged in a few statements."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from django.conf import settings
from django.db import connection
from django.db.backends.utils import CursorWrapper

from governance.subjects import SubjectDigest
from lineage.errors import SegmentNumberTooLarge
from lineage.membership.grouping import LAST_SEGMENT, Digests, Numbers
from lineage.membership.rows import HEADER, TRAILER, posting_rows
from lineage.membership.spool import Spool
from lineage.services.rekeying import BRING_LINKED, FORMER, REKEY

#: Memberships that wait in lists before they go on together.
BATCH = 20_000
#: Memberships whose records have ids, as they come, and then one row a data subject.
NAMED = (
    "CREATE TEMPORARY TABLE named (subject uuid, segment integer, record varchar) ON COMMIT DROP"
)
INCOMING = """
CREATE TEMPORARY TABLE incoming
    (subject uuid, key_version smallint, segments integer[], record_ids varchar[]) ON COMMIT DROP
"""
GATHER_NAMED = """
INSERT INTO incoming
SELECT subject, %s, array_agg(segment ORDER BY segment, record),
    array_agg(record ORDER BY segment, record)
FROM (SELECT DISTINCT subject, segment, record FROM named) AS fresh GROUP BY subject
ORDER BY subject
"""
#: It guarantees that a digest which is not held when we look is not held when we insert, and lets
#: everybody read on.
LOCK = "LOCK TABLE lineage_posting IN SHARE ROW EXCLUSIVE MODE"
#: Both merges keep segments sorted and without repetition, so that reading the same rows again
#: changes nothing. This one is for records without ids.
MERGE_NAMELESS = """
UPDATE lineage_posting AS held
SET key_version = incoming.key_version, segments = ARRAY(
    SELECT unnest(held.segments) UNION SELECT unnest(incoming.segments) ORDER BY 1
)
FROM incoming
WHERE held.subject_digest = incoming.subject
    AND held.record_ids IS NULL AND incoming.record_ids IS NULL
    AND NOT (incoming.segments <@ held.segments AND held.key_version = incoming.key_version)
"""
#: This one merges parallel arrays, where at least one side has record ids.
MERGE_NAMED = """
UPDATE lineage_posting AS held
SET key_version = fresh.key_version, segments = fresh.segments, record_ids = fresh.record_ids
FROM (
    SELECT incoming.subject, incoming.key_version, merged.*
    FROM incoming JOIN lineage_posting AS posting ON posting.subject_digest = incoming.subject
    CROSS JOIN LATERAL (
        SELECT array_agg(segment ORDER BY segment, record) AS segments,
            CASE WHEN bool_or(record <> '') THEN array_agg(record ORDER BY segment, record) END
                AS record_ids
        FROM (
            SELECT segment, coalesce(record, '') AS record
            FROM unnest(posting.segments, posting.record_ids) AS a (segment, record)
            UNION SELECT segment, coalesce(record, '')
            FROM unnest(incoming.segments, incoming.record_ids) AS b (segment, record)
        ) AS entries
    ) AS merged
    WHERE (posting.record_ids IS NOT NULL OR incoming.record_ids IS NOT NULL)
        AND (posting.key_version, posting.segments, posting.record_ids)
        IS DISTINCT FROM (incoming.key_version, merged.segments, merged.record_ids)
) AS fresh
WHERE held.subject_digest = fresh.subject
"""
INSERT_OTHERS = """
INSERT INTO lineage_posting (subject_digest, key_version, segments, record_ids)
SELECT subject, key_version, segments, record_ids FROM incoming
WHERE NOT EXISTS (
    SELECT FROM lineage_posting AS posting WHERE posting.subject_digest = incoming.subject
)
"""


class IncomingPostings:
    """Memberships on their way into the record index; see :func:`incoming_postings`."""

    def __init__(self, cursor: CursorWrapper, spool: Spool) -> None:
        """Make the tables of this transaction that memberships wait in."""
        self._cursor, self._spool = cursor, spool
        self._named: list[tuple[bytes, int, str]] = []
        self._nameless: list[tuple[bytes, int]] = []
        self._former: list[tuple[bytes, bytes, int, str]] = []
        self._moving = False
        #: How many data subjects came in; known when the context has ended.
        self.subjects = 0
        cursor.execute(NAMED)
        cursor.execute(INCOMING)
        cursor.execute(FORMER)

    def add(self, digest: bytes, segment_id: int, record_id: str) -> None:
        """Say that a segment holds a record of a data subject; telling it twice adds nothing.

        Args:
            digest: Under the current version of the key.
            segment_id: Id of the segment's artifact.
            record_id: Empty where the rows name none.

        Raises:
            SegmentNumberTooLarge: The id does not fit into a posting.
        """
        _check_number(segment_id)
        if record_id:
            self._named.append((digest, segment_id, record_id))
            if len(self._named) == BATCH:
                self._send_named()
        else:
            self._nameless.append((digest, segment_id))
            if len(self._nameless) == BATCH:
                self._spool_nameless()

    def add_subject(self, subject: SubjectDigest, segment_id: int, record_id: str) -> None:
        """Say the same of a subject under each version of the key.

        What is held under another version than the current one moves to the current one.
        """
        self.add(subject.value, segment_id, record_id)
        for other in subject.others:
            self._moving = True
            self._former.append((other.value, subject.value, segment_id, record_id))
        if len(self._former) >= BATCH:
            self._send_former()

    def add_many(self, digests: Digests, segments: Numbers) -> None:
        """Say it of many records without ids: row ``i`` of the digests is in ``segments[i]``."""
        self._spool.add(digests, segments)

    def merge(self) -> None:
        """Bring everything that came in into the postings."""
        self._send_named()
        self._spool_nameless()
        self._send_former()
        self._cursor.execute(LOCK)
        if self._moving:
            for statement in BRING_LINKED:
                self._cursor.execute(statement)
        version = settings.SUBJECT_PEPPER_VERSION
        self._cursor.execute(GATHER_NAMED, [version])
        self.subjects = self._cursor.rowcount
        if self.subjects:
            self._merge_incoming()
        self._merge_nameless(version)
        if self._moving:
            for statement in REKEY:
                self._cursor.execute(statement)
        self._cursor.execute("DROP TABLE named, incoming, former")

    def _merge_nameless(self, version: int) -> None:
        # The very first load goes straight to its place; that takes about half the time.
        self._cursor.execute("SELECT EXISTS (SELECT FROM lineage_posting)")
        (held,) = self._cursor.fetchone()
        place, columns = ("incoming", "subject") if held else ("lineage_posting", "subject_digest")
        came = 0
        copying = f"COPY {place} ({columns}, key_version, segments) FROM STDIN (FORMAT binary)"
        with self._cursor.copy(copying) as copy:
            copy.write(HEADER)
            for part in self._spool.grouped():
                copy.write(posting_rows(part, version))
                came += len(part.digests)
            copy.write(TRAILER)
        self.subjects += came
        if held and came:
            self._merge_incoming()

    def _merge_incoming(self) -> None:
        self._cursor.execute("ANALYZE incoming")
        self._cursor.execute(MERGE_NAMELESS)
        self._cursor.execute(MERGE_NAMED)
        self._cursor.execute(INSERT_OTHERS)
        self._cursor.execute("TRUNCATE incoming")

    def _send_named(self) -> None:
        self._send("named", self._named, lambda row: (_hex(row[0]), *row[1:]))
        self._named.clear()

    def _send_former(self) -> None:
        self._send("former", self._former, lambda row: (_hex(row[0]), _hex(row[1]), *row[2:]))
        self._former.clear()

    def _send(
        self, table: str, rows: list[Any], written: Callable[[Any], tuple[object, ...]]
    ) -> None:
        if rows:
            with self._cursor.copy(f"COPY {table} FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(written(row))

    def _spool_nameless(self) -> None:
        if self._nameless:
            digests = b"".join(digest for digest, _ in self._nameless)
            self._spool.add(
                np.frombuffer(digests, dtype=np.uint8).reshape(-1, 16),
                np.array([segment for _, segment in self._nameless], dtype=np.int32),
            )
            self._nameless.clear()


@contextmanager
def incoming_postings() -> Iterator[IncomingPostings]:
    """Take memberships in and merge them at the end; all or nothing with the transaction.

    The caller has a transaction open, and may use its connection meanwhile.
    """
    with connection.cursor() as cursor, Spool() as spool:
        incoming = IncomingPostings(cursor, spool)
        yield incoming
        incoming.merge()


def _check_number(segment_id: int) -> None:
    if segment_id > LAST_SEGMENT:
        raise SegmentNumberTooLarge(
            f"The segment {segment_id} cannot be noted in the record index: it keeps numbers up to "
            f"{LAST_SEGMENT} (docs/operate.md, Sizes)."
        )


def _hex(digest: bytes) -> str:
    """A digest as PostgreSQL reads a uuid from text."""
    return digest.hex()
