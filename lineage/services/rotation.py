"""Reading rows anew under the current version of the key, a segment at a time.

Each segment is one transaction, in which its memberships move from the older digests to the
current one (``lineage.services.rekeying``). Whoever asks meanwhile asks for both.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from django.conf import settings
from django.db import connection, transaction

from lineage.errors import UnreadableRecords
from lineage.graph import ROW_HOLDERS, ArtifactKind, Relation
from lineage.locks import lock_graph
from lineage.models import Artifact, ArtifactState, Derivation
from lineage.records import MalformedRecordsError, RecordLayout, SegmentFile, layout_from
from lineage.services.fingerprints import link_all_duplicates
from lineage.services.record_index import read_into_postings, segment_files
from lineage.services.segments import segments_of

_DUE = """
SELECT DISTINCT unnest(segments) FROM lineage_posting WHERE key_version <> %(key_version)s
UNION SELECT segment_id FROM lineage_recordfingerprint WHERE key_version <> %(key_version)s
"""


@dataclass(frozen=True, kw_only=True)
class Rotation:
    """What a run of the rotation did."""

    #: Segments that were read anew.
    segments: int
    rows: int
    #: Why others were not, a sentence each.
    troubles: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class RotationProgress:
    """How far a rotation is."""

    #: Segments done, of those that had rows under older versions when it began.
    done: int
    due: int


def rotate_key(*, progress: Callable[[RotationProgress], object]) -> Rotation:
    """Read every segment anew that has rows under other versions of the key.

    It may be cut off at any moment and run again: what has moved is not read again.

    Args:
        progress: Called after each segment.
    """
    due = _due_segments()
    read: dict[tuple[int, RecordLayout], int] = {}
    troubles: list[str] = []
    for dataset in Artifact.objects.filter(
        kind__in=ROW_HOLDERS, state=ArtifactState.CURRENT
    ).order_by("pk"):
        wanted = due.intersection(segments_of(dataset))
        layout = layout_from(dataset.attributes)
        if not wanted:
            continue
        if layout is None:
            troubles.append(f"{dataset.name} has no layout: load it again from where it came.")
            continue
        try:
            for segment, file in _files_of(dataset, wanted):
                if (segment, layout) not in read:
                    read[segment, layout] = _read_segment(dataset, segment, file, layout)
                    progress(RotationProgress(done=len({key for key, _ in read}), due=len(due)))
        except (UnreadableRecords, MalformedRecordsError) as error:
            troubles.append(f"{dataset.name}: {error}")
    _link_what_waited()
    return Rotation(
        segments=len({segment for segment, _ in read}),
        rows=sum(read.values()),
        troubles=tuple(troubles),
    )


@transaction.atomic
def _link_what_waited() -> None:
    # The lock guarantees that no rows come in under the older key meanwhile.
    lock_graph()
    link_all_duplicates()


def _due_segments() -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(_DUE, {"key_version": settings.SUBJECT_PEPPER_VERSION})
        return {segment for (segment,) in cursor.fetchall()}


def _files_of(dataset: Artifact, wanted: Collection[int]) -> list[tuple[int, SegmentFile]]:
    """The files of a dataset that are some segments still, byte for byte."""
    digests = Artifact.objects.filter(kind=ArtifactKind.SEGMENT, pk__in=wanted)
    numbers = dict(digests.values_list("digest", "pk"))
    files = segment_files(dataset)
    return [(numbers[file.digest], file) for file in files if file.digest in numbers]


@transaction.atomic
def _read_segment(dataset: Artifact, segment: int, file: SegmentFile, layout: RecordLayout) -> int:
    """Read one segment; returns its rows, 0 where it is no part of the dataset any more."""
    # The lock guarantees that no redaction rewrites the file between our reading and our writing.
    lock_graph()
    part = Derivation.objects.filter(
        upstream_id=segment,
        downstream=dataset,
        relation=Relation.PART_OF,
        ended_at=None,
        upstream__state=ArtifactState.CURRENT,
        downstream__state=ArtifactState.CURRENT,
    )
    if not part.exists():
        return 0
    rows, _ = read_into_postings([file], {file.digest: segment}, layout)
    return rows
