"""Rows that say the same as a data subject's records and are not on record as that subject's."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from governance.subjects import SubjectDigest
from lineage.graph import Relation
from lineage.models import ArtifactState, Derivation, DuplicateDecision, RecordFingerprint
from lineage.records import ALIKE, COMMONPLACE, similarity
from lineage.selectors.postings import held_of

#: Where a row lies: segment and record id.
Place = tuple[int, str]


@dataclass(frozen=True, kw_only=True)
class Duplicate:
    """One row."""

    record_id: str
    segment: int
    #: Names of the datasets in use that it is part of.
    datasets: tuple[str, ...]
    #: Whether the row names somebody: another identifier of the same person, or another person.
    named: bool
    #: 1.0: the same after normalisation. Less: an estimate of the Jaccard similarity.
    similarity: float
    content: bytes
    #: What an officer decided (``DuplicateDecision.Decision``); empty where nobody did.
    decision: str = ""


def duplicates_of(subject: SubjectDigest) -> tuple[Duplicate, ...]:
    """Find the rows that an officer must look at, those decided to be another person's included.

    A row that was found to be the subject's own is a record of theirs and not listed. Nor are rows
    whose whole content is commonplace (``lineage.records.COMMONPLACE``).

    Returns:
        All of them, never cut short; the most similar first.
    """
    own = set(held_of(subject).entries)
    near = _at(own)
    prints = [row for row in near if (row.segment_id, row.record_id) in own]
    found: dict[Place, tuple[RecordFingerprint, float]] = {}
    for row, alike in _like(prints):
        place = (row.segment_id, row.record_id)
        if place not in own and alike > found.get(place, (row, 0.0))[1]:
            found[place] = (row, alike)
    return _described(found.values(), subject)


def count_undecided(subject: SubjectDigest) -> int:
    """How many rows await an officer's decision whether they are the data subject's."""
    return sum(1 for row in duplicates_of(subject) if not row.decision)


def duplicate_document(row: Duplicate) -> dict[str, Any]:
    """A duplicate as JSON values.

    Keys: ``record_id``, ``datasets``, ``named``, ``similarity``, ``decision`` (None: not decided).
    """
    return {
        "record_id": row.record_id,
        "datasets": list(row.datasets),
        "named": row.named,
        "similarity": round(row.similarity, 3),
        "decision": row.decision or None,
    }


def _at(places: Iterable[Place]) -> Iterable[RecordFingerprint]:
    """Fingerprints at some places, and maybe at others of the same segments and record ids."""
    segments, records = {segment for segment, _ in places}, {record for _, record in places}
    return RecordFingerprint.objects.filter(segment_id__in=segments, record_id__in=records)


def _like(prints: Iterable[RecordFingerprint]) -> Iterable[tuple[RecordFingerprint, float]]:
    """Rows that say the same as some, or nearly; each maybe several times.

    What lies under another version of the key cannot be compared and is not found.
    """
    contents = {bytes(row.content) for row in prints}
    telling = (
        RecordFingerprint.objects.filter(content__in=contents)
        .values("content")
        .annotate(records=Count("record_id", distinct=True))
        .filter(records__lte=COMMONPLACE)
        .values_list("content", flat=True)
    )
    for row in RecordFingerprint.objects.filter(content__in=list(telling)):
        yield row, 1.0
    for row in prints:
        if not row.sketch:
            continue
        comparable = RecordFingerprint.objects.filter(key_version=row.key_version)
        others = comparable.exclude(sketch=b"").exclude(content=bytes(row.content))
        for other in others.filter(bands__overlap=row.bands):
            alike = similarity(bytes(row.sketch), bytes(other.sketch))
            if alike >= ALIKE:
                # Equal is only what is the same after normalisation.
                yield other, min(alike, 0.999)


def _described(
    found: Iterable[tuple[RecordFingerprint, float]], subject: SubjectDigest
) -> tuple[Duplicate, ...]:
    rows = sorted(found, key=lambda item: (-item[1], item[0].record_id, item[0].segment_id))
    decisions = {
        (row.record_id, bytes(row.content)): row.decision
        for row in DuplicateDecision.objects.filter(subject_digest__in=subject.values)
    }
    datasets = _datasets({row.segment_id for row, _ in rows})
    return tuple(
        Duplicate(
            record_id=row.record_id,
            segment=row.segment_id,
            datasets=tuple(sorted(datasets[row.segment_id])),
            named=row.named,
            similarity=alike,
            content=bytes(row.content),
            decision=decisions.get((row.record_id, bytes(row.content)), ""),
        )
        for row, alike in rows
        if row.segment_id in datasets
    )


def _datasets(segments: Iterable[int]) -> dict[int, set[str]]:
    """Names of the datasets in use that hold some segments."""
    edges = Derivation.objects.filter(
        upstream_id__in=segments,
        relation=Relation.PART_OF,
        ended_at=None,
        downstream__state=ArtifactState.CURRENT,
    ).values_list("upstream_id", "downstream__name")
    found: dict[int, set[str]] = {}
    for segment, name in edges:
        found.setdefault(segment, set()).add(name)
    return found
