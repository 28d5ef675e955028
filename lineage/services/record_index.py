"""The record index: which segments hold whose records, built by reading the rows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from governance.subjects import subject_digest
from lineage.capture.locations import local_path
from lineage.errors import ArtifactNotFound, UnreadableRecords
from lineage.graph import DATASETS, ROW_HOLDERS, ArtifactKind, Relation
from lineage.locks import lock_graph
from lineage.models import OTHER_DIGESTS, Artifact, ArtifactState, Derivation, DueReading
from lineage.records import (
    MalformedRecordsError,
    NamedSegment,
    RecordFormat,
    RecordLayout,
    Row,
    SegmentFile,
    layout_from,
    list_segments,
    read_rows,
    version_digest,
)
from lineage.services.fingerprints import (
    IncomingFingerprints,
    incoming_fingerprints,
    link_duplicates,
)
from lineage.services.graph import note_other_digests
from lineage.services.postings import IncomingPostings, incoming_postings


@dataclass(frozen=True, kw_only=True)
class IndexSummary:
    """What was read."""

    rows: int
    subjects: int
    segments: int


@transaction.atomic
def load_record_index(*, dataset_version_id: int) -> IndexSummary:
    """Read every row of a dataset into the record index.

    All or nothing: a malformed row leaves the index as it was. A version that was superseded or
    destroyed meanwhile is not read again, because its place may hold other rows by now. The rows
    of a synthetic dataset are nobody's: of it only the digest is read.

    Args:
        dataset_version_id: An artifact with a ``record_index`` layout and a ``file:`` location.

    Raises:
        ArtifactNotFound: No dataset has this id.
        UnreadableRecords: No layout is recorded, or a file breaks it; names file, row and column.
    """
    lock_graph()
    version = Artifact.objects.filter(pk=dataset_version_id, kind__in=DATASETS).first()
    if version is None:
        raise ArtifactNotFound(f"There is no dataset with the id {dataset_version_id}.")
    # Gone with COMMIT only: a reading that is cut off stays due.
    DueReading.objects.filter(artifact=version).delete()
    if version.state != ArtifactState.CURRENT:
        return IndexSummary(rows=0, subjects=0, segments=0)
    if version.kind == ArtifactKind.SYNTHETIC_DATASET:
        files = segment_files(version)
        version.digest = version_digest(files)
        version.save(update_fields=["digest"])
        return IndexSummary(rows=0, subjects=0, segments=len(files))
    return _read_version(version)


def _read_version(version: Artifact) -> IndexSummary:
    """Read the rows of one holder of rows."""
    layout = layout_from(version.attributes)
    if layout is None:
        raise UnreadableRecords(f"{version.name} has no vestige_recordIndex facet.")
    files = segment_files(version)
    segments = attach_segments(version, files)
    try:
        rows, subjects = read_into_postings(files, segments, layout)
    except MalformedRecordsError as error:
        raise UnreadableRecords(f"{version.name}: {error}") from error
    link_duplicates(segments.values())
    version.digest = version_digest(files)
    version.indexed_at = timezone.now()
    version.attributes.pop(OTHER_DIGESTS, None)
    version.save(update_fields=["digest", "indexed_at", "attributes"])
    return IndexSummary(rows=rows, subjects=subjects, segments=len(files))


@transaction.atomic
def note_changed_rows(*, dataset_version_id: int) -> None:
    """Note, after a reading failed, where other rows lie by now than those that were read before.

    Without the note, the record index would go on to answer for rows that are no longer there.
    What was never read, or is due to be read after an event, is a gap of its own.
    """
    # The lock guarantees that no capture merges into the row between our reading and our writing.
    lock_graph()
    version = Artifact.objects.filter(
        pk=dataset_version_id,
        kind__in=ROW_HOLDERS,
        state=ArtifactState.CURRENT,
        indexed_at__isnull=False,
    ).first()
    if version is None:
        return
    try:
        note_other_digests(version, version_digest(segment_files(version)))
    except (UnreadableRecords, OSError):
        return  # the files themselves are out of reach: which rows lie there cannot be told
    version.save(update_fields=["attributes"])


def segment_files(version: Artifact) -> list[SegmentFile]:
    """Find and hash the files of a dataset.

    Raises:
        UnreadableRecords: They are not on this machine, or there are none.
    """
    try:
        layout = layout_from(version.attributes)
        return list_segments(_directory_of(version), layout.format if layout else RecordFormat.CSV)
    except MalformedRecordsError as error:
        raise UnreadableRecords(f"{version.name}: {error}") from error


def _directory_of(version: Artifact) -> Path:
    """The directory of a version's segments.

    Raises:
        UnreadableRecords: The location is not on this machine.
    """
    directory = local_path(version.location)
    if directory is None:
        raise UnreadableRecords(
            f"{version.name} lies at {version.location or 'an unknown place'}, which this machine "
            "cannot read as files."
        )
    return directory


def attach_segments(version: Artifact, parts: Iterable[NamedSegment]) -> dict[str, int]:
    """Find or make the segment nodes of a version and their ``part_of`` edges.

    Returns:
        Segment ids by digest; equal content is one segment, whichever versions it is part of.
    """
    named = {part.digest: part for part in parts}
    identities = {digest: f"segment:{digest}" for digest in named}
    # No row is made twice: the caller holds the lock of the graph's writers.
    known = set(
        Artifact.objects.filter(identity__in=identities.values()).values_list("identity", flat=True)
    )
    Artifact.objects.bulk_create(
        Artifact(
            kind=ArtifactKind.SEGMENT,
            identity=identities[digest],
            name=f"{version.name}/{part.name}"[-300:],
            digest=digest,
            location=part.location,
            occurred_at=version.occurred_at,
        )
        for digest, part in named.items()
        if identities[digest] not in known
    )
    held = Artifact.objects.filter(identity__in=identities.values())
    # Content that was destroyed and is delivered again is there again.
    held.exclude(state=ArtifactState.CURRENT).update(state=ArtifactState.CURRENT)
    ids = {artifact.digest: artifact.pk for artifact in held}
    Derivation.objects.bulk_create(
        (
            Derivation(
                upstream_id=segment,
                downstream=version,
                relation=Relation.PART_OF,
                occurred_at=version.occurred_at,
            )
            for segment in ids.values()
        ),
        ignore_conflicts=True,
    )
    return ids


def read_into_postings(
    files: Iterable[SegmentFile], segments: Mapping[str, int], layout: RecordLayout
) -> tuple[int, int]:
    """Stream all rows into the postings; returns the numbers of rows and of subjects."""
    rows = 0
    with incoming_fingerprints(layout) as fingerprints, incoming_postings() as incoming:
        for file in files:
            segment = segments[file.digest]
            for row in read_rows(file.path, layout):
                rows += 1
                take_row(row, segment, incoming, fingerprints)
    return rows, incoming.subjects


def take_row(
    row: Row, segment: int, postings: IncomingPostings, fingerprints: IncomingFingerprints
) -> None:
    """Note whose record a row of a segment is, and what it says."""
    for identifier in row.subjects:
        postings.add_subject(subject_digest(identifier), segment, row.record_id)
    fingerprints.add(segment, row)
