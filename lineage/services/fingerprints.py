"""The one way in for fingerprints of records, and what becomes of a duplicate that names nobody."""

import csv
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from tempfile import SpooledTemporaryFile
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.backends.utils import CursorWrapper

from lineage.models import DuplicateDecision, RecordFingerprint
from lineage.records import COMMONPLACE, Fingerprinter, RecordLayout, Row
from lineage.services.postings import incoming_postings

#: Bytes kept in memory before the fingerprints of a reading go through a nameless file.
IN_MEMORY = 1 << 25
#: Bytes handed to COPY at a time.
BLOCK = 1 << 16

CREATE_INCOMING = """
CREATE TEMPORARY TABLE incoming_fingerprint (
    segment bigint, record text, content bytea, named boolean, sketch bytea, bands int[]
) ON COMMIT DROP
"""
#: A segment may be part of several datasets; a row that one of them finds named is named.
MERGE_INCOMING = """
INSERT INTO lineage_recordfingerprint AS held
    (segment_id, record_id, key_version, content, named, sketch, bands)
SELECT DISTINCT ON (segment, record) segment, record, %s, content, named, sketch, bands
FROM incoming_fingerprint ORDER BY segment, record, named DESC
ON CONFLICT (segment_id, record_id) DO UPDATE SET
    key_version = EXCLUDED.key_version, content = EXCLUDED.content,
    named = held.named OR EXCLUDED.named, sketch = EXCLUDED.sketch, bands = EXCLUDED.bands
"""
#: What was decided of a row that is read anew under another key is kept under what it says there;
#: under the former key no row says it any more.
CARRY_DECISIONS = """
INSERT INTO lineage_duplicatedecision
    (subject_digest, key_version, record_id, content, decision, decided_by, decided_at)
SELECT DISTINCT decided.subject_digest, decided.key_version, decided.record_id, fresh.content,
    decided.decision, decided.decided_by, decided.decided_at
FROM incoming_fingerprint AS fresh
JOIN lineage_recordfingerprint AS held
    ON held.segment_id = fresh.segment AND held.record_id = fresh.record
JOIN lineage_duplicatedecision AS decided
    ON decided.record_id = held.record_id AND decided.content = held.content
WHERE held.content <> fresh.content
ON CONFLICT DO NOTHING
"""
DROP_CARRIED = """
DELETE FROM lineage_duplicatedecision AS decided
WHERE record_id IN (SELECT record FROM incoming_fingerprint) AND NOT EXISTS (
    SELECT FROM lineage_recordfingerprint AS said
    WHERE said.content = decided.content AND said.record_id = decided.record_id
)
"""
#: Rows under two keys cannot be compared: who else said something is not known then.
UNDER_OTHER_KEYS = """
SELECT EXISTS (SELECT FROM lineage_recordfingerprint WHERE key_version < %(key_version)s)
    OR EXISTS (SELECT FROM lineage_recordfingerprint WHERE key_version > %(key_version)s)
"""
#: Named rows that say the same as a row of nobody, where some segments hold one that says it.
NAMED_TWINS = """
CREATE TEMPORARY TABLE named_twin ON COMMIT DROP AS
WITH shared AS (
    SELECT DISTINCT nobody.content FROM lineage_recordfingerprint AS nobody
    WHERE NOT nobody.named AND nobody.key_version = %(key_version)s AND EXISTS (
        SELECT FROM lineage_recordfingerprint AS fresh
        WHERE fresh.content = nobody.content AND fresh.segment_id = ANY (%(segments)s)
    ) AND (
        SELECT count(DISTINCT said.record_id) FROM lineage_recordfingerprint AS said
        WHERE said.content = nobody.content
    ) <= %(commonplace)s
)
SELECT content, segment_id, record_id FROM lineage_recordfingerprint
JOIN shared USING (content) WHERE named AND key_version = %(key_version)s
"""
#: Rows of nobody that say the same as records of one data subject and of no one else; not those
#: that an officer found to be another's. All postings are read for it (docs/decisions/0035), so
#: nobody asks where there are no named twins.
OF_NOBODY = """
WITH owners AS (
    SELECT twin.content, posting.subject_digest, count(*) AS records
    FROM lineage_posting AS posting
    CROSS JOIN LATERAL unnest(posting.segments, posting.record_ids) AS held (segment, record)
    JOIN named_twin AS twin ON twin.segment_id = held.segment AND twin.record_id = held.record
    WHERE posting.segments && ARRAY(SELECT DISTINCT segment_id::integer FROM named_twin)
        AND posting.key_version = %(key_version)s
    GROUP BY 1, 2
)
SELECT owners.subject_digest, copy.segment_id, copy.record_id
FROM owners
JOIN (SELECT content, count(*) AS records FROM named_twin GROUP BY 1) AS whole
    USING (content, records)
JOIN lineage_recordfingerprint AS copy USING (content)
WHERE NOT copy.named AND copy.key_version = %(key_version)s AND NOT EXISTS (
    SELECT FROM lineage_duplicatedecision AS decided
    WHERE decided.subject_digest = owners.subject_digest AND decided.record_id = copy.record_id
        AND decided.content = copy.content AND decided.decision = %(other_person)s
)
"""
#: Rows that an officer found to be a data subject's, as far as the postings do not hold them.
DECIDED = """
SELECT decided.subject_digest, copy.segment_id, copy.record_id
FROM lineage_duplicatedecision AS decided
JOIN lineage_recordfingerprint AS copy USING (content, record_id)
WHERE decided.decision = %(same_person)s AND decided.key_version = %(key_version)s
    AND copy.segment_id = ANY (%(segments)s) AND NOT EXISTS (
        SELECT FROM lineage_posting AS posting
        CROSS JOIN LATERAL unnest(posting.segments, posting.record_ids) AS held (segment, record)
        WHERE posting.subject_digest = decided.subject_digest
            AND held.segment = copy.segment_id AND held.record = copy.record_id
    )
"""
#: A decision says whose row a record id names; it goes with the last such row.
FORGET = """
WITH gone AS (DELETE FROM lineage_recordfingerprint WHERE segment_id = ANY (%(segments)s))
DELETE FROM lineage_duplicatedecision AS decided WHERE NOT EXISTS (
    SELECT FROM lineage_recordfingerprint AS copy
    WHERE copy.content = decided.content AND copy.record_id = decided.record_id
        AND copy.segment_id <> ALL (%(segments)s)
)
"""


class IncomingFingerprints:
    """Fingerprints on their way into the record index; see :func:`incoming_fingerprints`."""

    def __init__(self, spool: SpooledTemporaryFile[str], layout: RecordLayout) -> None:
        """Write to a spool that COPY reads."""
        pepper = settings.SUBJECT_PEPPERS[settings.SUBJECT_PEPPER_VERSION]
        self._fingerprinter = Fingerprinter(pepper, near=layout.near_duplicates)
        self._rows = csv.writer(spool, lineterminator="\n")

    def add(self, segment_id: int, row: Row) -> None:
        """Keep what tells duplicates of a row; a row that says nothing has none."""
        found = self._fingerprinter.of(row.content)
        if found is None:
            return
        self._rows.writerow(
            (
                segment_id,
                row.record_id,
                f"\\x{found.digest.hex()}",
                "t" if row.subjects else "f",
                f"\\x{found.sketch.hex()}",
                f"{{{','.join(map(str, found.bands))}}}",
            )
        )


@contextmanager
def incoming_fingerprints(layout: RecordLayout) -> Iterator[IncomingFingerprints]:
    """Take fingerprints in and merge them at the end; all or nothing with the transaction.

    The caller has a transaction open. The connection is free until the context ends, so that the
    memberships of the same rows can be copied meanwhile.
    """
    with SpooledTemporaryFile(IN_MEMORY, "w+", encoding="utf-8", newline="") as spool:
        incoming = IncomingFingerprints(spool, layout)
        yield incoming
        spool.seek(0)
        with connection.cursor() as cursor:
            cursor.execute(CREATE_INCOMING)
            with cursor.copy("COPY incoming_fingerprint FROM STDIN (FORMAT csv)") as copy:
                while block := spool.read(BLOCK):
                    copy.write(block)
            cursor.execute(CARRY_DECISIONS)
            carried = cursor.rowcount
            cursor.execute(MERGE_INCOMING, [settings.SUBJECT_PEPPER_VERSION])
            if carried:
                cursor.execute(DROP_CARRIED)
            cursor.execute("DROP TABLE incoming_fingerprint")


def link_duplicates(segments: Collection[int]) -> int:
    """Give duplicates that belong to a data subject to that subject; returns how many entries.

    They are a record of the subject from then on: a trace finds them, and a plan takes them along.
    While rows lie under two keys, a row of nobody is given to nobody: the one who was found to
    have said it may not be the only one. It is listed for an officer meanwhile.

    Args:
        segments: Segments whose rows came in, or were decided upon.
    """
    known: dict[str, Any] = {
        "segments": list(segments),
        "key_version": settings.SUBJECT_PEPPER_VERSION,
        "commonplace": COMMONPLACE,
        "same_person": DuplicateDecision.Decision.SAME_PERSON,
        "other_person": DuplicateDecision.Decision.OTHER_PERSON,
    }
    with connection.cursor() as cursor:
        cursor.execute(DECIDED, known)
        found = cursor.fetchall()
        if not _rotating(cursor):
            cursor.execute(NAMED_TWINS, known)
            if cursor.rowcount:
                cursor.execute(OF_NOBODY, known)
                found += cursor.fetchall()
            cursor.execute("DROP TABLE named_twin")
    if found:
        with incoming_postings() as incoming:
            for digest, segment_id, record_id in found:
                incoming.add(digest.bytes, segment_id, record_id)
    return len(found)


def link_all_duplicates() -> None:
    """Do what waited for a rotation to end."""
    segments = RecordFingerprint.objects.order_by().values_list("segment_id", flat=True).distinct()
    link_duplicates(list(segments))


def _rotating(cursor: CursorWrapper) -> bool:
    if len(settings.SUBJECT_PEPPERS) == 1:
        return False
    cursor.execute(UNDER_OTHER_KEYS, {"key_version": settings.SUBJECT_PEPPER_VERSION})
    (some,) = cursor.fetchone()
    return bool(some)


def forget_fingerprints(segments: Collection[int]) -> None:
    """Forget what the rows of destroyed segments said, and what was decided of them alone."""
    with connection.cursor() as cursor:
        cursor.execute(FORGET, {"segments": list(segments)})
