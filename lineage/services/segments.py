"""Segments that are no longer there: the graph and the record index forget what they held."""

from collections.abc import Mapping
from pathlib import Path

from django.db import connection

from lineage.capture.locations import local_path
from lineage.graph import Relation
from lineage.models import Artifact, ArtifactState, Derivation
from lineage.services.fingerprints import forget_fingerprints

#: Takes destroyed segments out of the parallel arrays, in one statement for all subjects. A record
#: that is not in the rewritten segment either was redacted: its segment is remembered as past. One
#: that is still there has its new entry already, and the old one just goes. All postings are read
#: for it: an index by segment would take more than half again of their room (docs/decisions/0035).
RETIRE_POSTINGS = """
UPDATE lineage_posting AS held SET
    (segments, record_ids) = (
        SELECT coalesce(array_agg(segment ORDER BY place), '{}'),
            CASE WHEN held.record_ids IS NOT NULL
                THEN coalesce(array_agg(record ORDER BY place), '{}') END
        FROM unnest(held.segments, held.record_ids) WITH ORDINALITY AS a (segment, record, place)
        WHERE segment <> ALL (%(gone)s::integer[])
    ),
    past_segments = nullif(ARRAY(
        SELECT unnest(held.past_segments)
        UNION SELECT segment
        FROM unnest(held.segments, held.record_ids) AS a (segment, record)
        JOIN unnest(%(gone)s::integer[], %(successors)s::integer[]) AS b (segment, successor)
            USING (segment)
        WHERE successor IS NULL OR (successor, coalesce(record, '')) NOT IN (
            SELECT segment, coalesce(record, '')
            FROM unnest(held.segments, held.record_ids) AS c (segment, record)
        )
        ORDER BY 1
    ), '{}')
WHERE segments && %(gone)s::integer[]
"""


def segments_of(version: Artifact) -> dict[int, str]:
    """Ids and file names of the segments of a version."""
    edges = Derivation.objects.filter(
        downstream=version, relation=Relation.PART_OF, ended_at=None
    ).select_related("upstream")
    return {edge.upstream_id: _file_name(edge.upstream) for edge in edges}


def _file_name(segment: Artifact) -> str:
    path = local_path(segment.location)
    return (path or Path(segment.name)).name


def destroy_vanished_segments(old: Artifact, rewritten: Mapping[int, int]) -> None:
    """Destroy the segments of an artifact that no current artifact holds any more.

    Args:
        old: A superseded or destroyed holder of rows.
        rewritten: Segments of it that others took the place of, each with the one that did.
    """
    segments = set(segments_of(old))
    held = Derivation.objects.filter(
        upstream_id__in=segments,
        relation=Relation.PART_OF,
        ended_at=None,
        downstream__state=ArtifactState.CURRENT,
    ).values_list("upstream_id", flat=True)
    vanished = sorted(segments - set(held))
    Artifact.objects.filter(pk__in=vanished).update(state=ArtifactState.DESTROYED)
    _retire_postings({segment: rewritten.get(segment) for segment in vanished})
    forget_fingerprints(vanished)


def _retire_postings(rewritten: Mapping[int, int | None]) -> None:
    """Take destroyed segments out of the postings; see :data:`RETIRE_POSTINGS`.

    Args:
        rewritten: Destroyed segments, each with the one that took its place or None.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            RETIRE_POSTINGS, {"gone": list(rewritten), "successors": list(rewritten.values())}
        )
