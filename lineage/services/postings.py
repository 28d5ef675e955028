"""The one way into the postings: memberships stream in by COPY, one statement merges them."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from psycopg import Copy

from governance.subjects import subject_digest

#: One table for the rows of this transaction, so that the merge is one statement.
CREATE_INCOMING = (
    "CREATE TEMPORARY TABLE incoming (subject bytea, segment bigint, record text) ON COMMIT DROP"
)
#: Merges the incoming memberships into the parallel arrays; sorted and without repetition, so that
#: reading the same rows again changes nothing.
MERGE_INCOMING = """
INSERT INTO lineage_posting AS held
    (subject_digest, key_version, segments, record_ids, past_segments)
SELECT subject, %s, array_agg(segment ORDER BY segment, record),
    array_agg(record ORDER BY segment, record), '{}'
FROM (SELECT DISTINCT subject, segment, record FROM incoming) AS fresh GROUP BY subject
ON CONFLICT (subject_digest, key_version) DO UPDATE SET (segments, record_ids) = (
    SELECT array_agg(segment ORDER BY segment, record), array_agg(record ORDER BY segment, record)
    FROM (
        SELECT * FROM unnest(held.segments, held.record_ids) AS a (segment, record)
        UNION SELECT * FROM unnest(EXCLUDED.segments, EXCLUDED.record_ids) AS b (segment, record)
    ) AS merged
)
"""


class IncomingPostings:
    """Memberships on their way into the record index; see :func:`incoming_postings`."""

    def __init__(self, copy: Copy) -> None:
        """Write to an open COPY."""
        self._copy = copy
        #: How many data subjects came in; known when the context has ended.
        self.subjects = 0

    def add(self, digest: bytes, segment_id: int, record_id: str) -> None:
        """Say that a segment holds a record of a data subject; telling it twice adds nothing.

        Args:
            digest: Under the current version of the key.
            segment_id: Id of the segment's artifact.
            record_id: Empty where the rows name none.
        """
        self._copy.write_row((digest, segment_id, record_id))


@contextmanager
def incoming_postings() -> Iterator[IncomingPostings]:
    """Take memberships in and merge them at the end; all or nothing with the transaction.

    The caller has a transaction open. Until the context ends, its connection serves the COPY and
    nothing else.
    """
    key_version = subject_digest("").key_version
    with connection.cursor() as cursor:
        cursor.execute(CREATE_INCOMING)
        with cursor.copy("COPY incoming (subject, segment, record) FROM STDIN") as copy:
            incoming = IncomingPostings(copy)
            yield incoming
        cursor.execute(MERGE_INCOMING, [key_version])
        cursor.execute("SELECT count(DISTINCT subject) FROM incoming")
        incoming.subjects = int(cursor.fetchone()[0])
        cursor.execute("DROP TABLE incoming")
