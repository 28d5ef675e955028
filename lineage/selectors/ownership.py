"""Whose record an id names: ids are unique in a dataset at best, and nothing makes them so."""

from collections.abc import Collection

from django.db import connection

from lineage.graph import RecordRef, Relation
from lineage.models import ArtifactState

#: Entries of the record index in some datasets under some record ids, whoever's they are.
ENTRIES = """
SELECT DISTINCT part.downstream_id, held.segment, coalesce(held.record, '')
FROM lineage_posting AS posting
CROSS JOIN LATERAL unnest(posting.segments, posting.record_ids) AS held (segment, record)
JOIN lineage_derivation AS part ON part.upstream_id = held.segment
JOIN lineage_artifact AS dataset ON dataset.id = part.downstream_id
WHERE coalesce(posting.record_ids && %(ids)s::varchar[], '' = ANY (%(ids)s))
    AND coalesce(held.record, '') = ANY (%(ids)s)
    AND part.relation = %(part_of)s AND part.ended_at IS NULL
    AND dataset.id = ANY (%(datasets)s) AND dataset.state = %(current)s
"""


def datasets_with_ids_of_others(
    records: Collection[RecordRef], *, datasets: Collection[int]
) -> frozenset[int]:
    """Find the datasets in which an id of somebody's records is the id of another one's record.

    A row that two people share is no record of another one.

    Args:
        records: Every record of one data subject in the datasets that are in use.
        datasets: Where to look; versions that are not in use any more are passed over.
    """
    own = {(record.segment, record.record_id) for record in records}
    ids = sorted({record.record_id for record in records})
    with connection.cursor() as cursor:
        cursor.execute(
            ENTRIES,
            {
                "ids": ids,
                "datasets": list(datasets),
                "part_of": Relation.PART_OF,
                "current": ArtifactState.CURRENT,
            },
        )
        entries = cursor.fetchall()
    return frozenset(dataset for dataset, *entry in entries if tuple(entry) not in own)
