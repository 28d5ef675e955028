"""What the membership bench times: Vestige's own services, and a plain COPY of the same pairs.

To be imported only after Django has read its settings.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from django.db import connection, transaction

from bench.kit.memberships import Memberships
from governance.subjects import subject_digest
from lineage.membership.grouping import Digests, Numbers
from lineage.membership.index import MembershipIndex
from lineage.membership.rows import HEADER, TRAILER, pair_rows
from lineage.models import Posting
from lineage.services.postings import incoming_postings

#: One membership of a row that is read: identifier, segment, record id.
Read = tuple[str, int, str]
_RELATIONS = """
SELECT sum(pg_total_relation_size(inhrelid))::bigint FROM pg_inherits
WHERE inhparent = 'lineage_posting'::regclass
"""


def empty() -> None:
    """Begin with an index of nobody."""
    _execute("TRUNCATE lineage_posting")


def load(parts: Iterable[tuple[Digests, Numbers]]) -> None:
    """Load pairs of digests and segments into the index."""
    with transaction.atomic(), incoming_postings() as incoming:
        for digests, segments in parts:
            incoming.add_many(digests, segments)


def load_read(rows: Iterable[Read], *, keyed: bool) -> None:
    """Load rows as a dataset is read: one at a time, with record ids.

    Args:
        rows: What was read.
        keyed: Compute the digests from the identifiers; otherwise these are digests in hex.
    """
    with transaction.atomic(), incoming_postings() as incoming:
        for identifier, segment, record in rows:
            if keyed:
                incoming.add_subject(subject_digest(identifier), segment, record)
            else:
                incoming.add(bytes.fromhex(identifier), segment, record)


def copy_pairs(parts: Iterable[tuple[Digests, Numbers]]) -> None:
    """Copy the same pairs into a plain logged table without an index."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS pair; CREATE TABLE pair (subject uuid, segment int)")
        with cursor.copy("COPY pair FROM STDIN (FORMAT binary)") as copy:
            copy.write(HEADER)
            for digests, segments in parts:
                copy.write(pair_rows(digests, segments))
            copy.write(TRAILER)


def copy_read(rows: Iterable[Read]) -> None:
    """Copy rows with record ids into a plain logged table; identifiers are digests in hex."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "DROP TABLE IF EXISTS pair; CREATE TABLE pair (subject uuid, segment int, record text)"
        )
        with cursor.copy("COPY pair FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)


def drop_pairs() -> None:
    """Give the room of the plain table back."""
    _execute("DROP TABLE IF EXISTS pair")


def bytes_held() -> int:
    """Bytes of the postings, index and everything else of theirs included, after a vacuum."""
    _execute("VACUUM (ANALYZE) lineage_posting")
    return int(_execute(_RELATIONS)[0][0])


def memberships_held() -> int:
    """How many memberships the postings hold."""
    return int(_execute("SELECT sum(cardinality(segments)) FROM lineage_posting")[0][0])


def people_in(segments: Sequence[int]) -> int:
    """How many people have rows in some segments: all postings are read for it."""
    return Posting.objects.filter(segments__overlap=list(segments)).count()


def wrong_answers(index: MembershipIndex, drawn: Memberships, *, sample: int, seed: int) -> int:
    """How many of some people, and of as many strangers, an index answers wrongly for."""
    random = np.random.default_rng(seed)
    chosen = random.choice(len(drawn.digests), min(sample, len(drawn.digests)), replace=False)
    wrong: int = sum(
        index.look_up(digest).tolist() != segments for digest, segments in drawn.of(chosen).items()
    )
    # Strangers differ from somebody in the last byte, which only a comparison of all 16 tells.
    for digest in drawn.digests[chosen]:
        stranger = digest.copy()
        stranger[-1] ^= 1
        wrong += len(index.look_up(stranger.tobytes())) > 0
    return wrong


def _execute(statement: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall()) if cursor.description else []
