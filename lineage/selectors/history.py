"""What was on record at a past moment."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from django.db import connection
from django.db.models import Min, Q

from governance.errors import InvalidInput
from lineage.graph import Relation
from lineage.models import (
    Artifact,
    ArtifactRevision,
    ArtifactState,
    Derivation,
    DerivationRevision,
)
from lineage.moments import demand_offset

#: Where in the data subject's records: the segment, and the id of the record in it.
Entry = tuple[int, str]
#: The first and the last moment, the time by the clock that moments are taken from, and the number
#: of the last moment that is not later than a time.
_MOMENT_AT = """
SELECT min(at), max(at), clock_timestamp(),
    (SELECT id FROM lineage_moment WHERE at <= %s ORDER BY at DESC LIMIT 1)
FROM lineage_moment
"""


def moment_at(as_of: datetime, field: str = "as_of") -> int:
    """Find the last moment that is not later than a point in time.

    Call it under the lock of the graph's writers: the time of a moment is taken before it is
    committed.

    Args:
        as_of: Aware of its zone.
        field: Name of the field or option, for the error.

    Raises:
        InvalidInput: It has no offset, lies in the future, or lies before the history begins.
    """
    demand_offset(as_of, field)
    with connection.cursor() as cursor:
        cursor.execute(_MOMENT_AT, [as_of])
        first, last, now, moment = cursor.fetchone()
    if first is None or as_of < first:
        begins = f"begins at {first.isoformat()}" if first else "has not begun yet"
        detail = f"{field}: {as_of.isoformat()} is too early; the history of the graph {begins}."
        raise InvalidInput.at(f"/{field}", detail)
    if as_of > max(last, now):
        detail = f"{field}: {as_of.isoformat()} lies in the future. Name a moment that is past."
        raise InvalidInput.at(f"/{field}", detail)
    number: int = moment
    return number


def on_record(moment: int) -> Q:
    """Which revisions tell what was on record at a moment."""
    return Q(since_id__lte=moment) & (Q(until_id=None) | Q(until_id__gt=moment))


def described(
    ids: Collection[int], as_of: datetime | None
) -> Mapping[int, Artifact | ArtifactRevision]:
    """Name, kind and attributes of artifacts by id, now or as they were on record."""
    if as_of is None:
        return {row.pk: row for row in Artifact.objects.filter(pk__in=ids)}
    rows = ArtifactRevision.objects.filter(on_record(moment_at(as_of)), artifact_id__in=ids)
    return {row.artifact_id: row for row in rows}


def versions_of(segments: Collection[int], as_of: datetime | None) -> Iterable[tuple[int, int]]:
    """Pairs of a segment and a dataset in use that it is part of, now or at a moment."""
    if as_of is None:
        return Derivation.objects.filter(
            upstream_id__in=segments,
            relation=Relation.PART_OF,
            ended_at=None,
            downstream__state=ArtifactState.CURRENT,
        ).values_list("upstream_id", "downstream_id")
    then = on_record(moment_at(as_of))
    edges = DerivationRevision.objects.filter(
        then, upstream_id__in=segments, relation=Relation.PART_OF
    ).values_list("upstream_id", "downstream_id")
    in_use = set(
        ArtifactRevision.objects.filter(
            then, artifact_id__in={version for _, version in edges}, state=ArtifactState.CURRENT
        ).values_list("artifact_id", flat=True)
    )
    return [(segment, version) for segment, version in edges if version in in_use]


def held_at(
    as_of: datetime, entries: Collection[Entry], past: Collection[int]
) -> tuple[list[Entry], set[int]]:
    """Tell from what the record index holds now where somebody's records lay at a moment.

    The index has no history, so that record ids can be forgotten. What it forgets of people whose
    rows stayed is known all the same: a redaction only takes rows out, so whoever is in a
    rewritten segment was in the one before.

    Args:
        as_of: The moment.
        entries: Segments with record ids, as the index holds them now.
        past: Segments that held a record of which the id was forgotten.

    Returns:
        The entries, and the segments of entries and past ones, that were on record then.
    """
    before = _predecessors({segment for segment, _ in entries} | set(past))
    then = sorted({(old, record) for segment, record in entries for old in before[segment]})
    sources = {old for segments in before.values() for old in segments}
    later = _recorded_later(sources, moment_at(as_of))
    return [entry for entry in then if entry[0] not in later], sources - later


def with_predecessors(segments: Collection[int]) -> set[int]:
    """Add the segments that these were redacted from: whoever is in one was in the other."""
    return {old for before in _predecessors(segments).values() for old in before}


def _predecessors(segments: Collection[int]) -> dict[int, set[int]]:
    """For each segment, itself and all that it was ever redacted from."""
    before: dict[int, set[int]] = {}
    waiting = set(segments)
    while waiting:
        before |= {segment: set() for segment in waiting}
        edges = Derivation.objects.filter(
            relation=Relation.REDACTED_FROM, downstream_id__in=waiting
        ).values_list("downstream_id", "upstream_id")
        for new, old in edges:
            before[new].add(old)
        waiting = {old for _, old in edges} - set(before)
    return {segment: _all_before(segment, before) for segment in segments}


def _all_before(segment: int, before: Mapping[int, Collection[int]]) -> set[int]:
    found, waiting = {segment}, [segment]
    while waiting:
        fresh = set(before[waiting.pop()]) - found
        found |= fresh
        waiting.extend(fresh)
    return found


def _recorded_later(segments: Collection[int], moment: int) -> set[int]:
    """Which segments were put on record after a moment."""
    return set(
        ArtifactRevision.objects.filter(artifact_id__in=segments)
        .values("artifact_id")
        .annotate(first=Min("since_id"))
        .filter(first__gt=moment)
        .values_list("artifact_id", flat=True)
    )
