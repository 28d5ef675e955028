"""Loading a dataset into the record index: segment by segment, so that a crash costs one segment.

A segment that was loaded under the same layout is not read again, and the dataset counts as
indexed only when every row of every segment was taken.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from lineage.errors import UnreadableRecords
from lineage.locks import lock_graph
from lineage.models import OTHER_DIGESTS, Artifact, ArtifactState, DueReading
from lineage.records import (
    BadRow,
    MalformedRecordsError,
    Row,
    Segment,
    Source,
    digest_of_all,
    layout_document,
)
from lineage.services.datasets import LoadOrder, find_or_make_dataset
from lineage.services.fingerprints import incoming_fingerprints, link_duplicates
from lineage.services.postings import incoming_postings
from lineage.services.record_index import attach_segments, take_row
from lineage.services.segments import segments_of

#: Attributes of segments: the layout and the version of the key under which their rows were loaded.
LOADED_AS = "loaded_as"
KEY_VERSION = "key_version"
#: Attribute of segments: how many of their rows were left out.
BAD_ROWS = "bad_rows"
#: Bad rows that are listed; all are counted.
LISTED = 20
#: Rows between two words of progress.
STRIDE = 10_000

#: Takes the segments done, of how many (None: unknown), and the rows read so far.
Progress = Callable[[int, int | None, int], None]


@dataclass(kw_only=True)
class LoadSummary:
    """What a loading did, or would do."""

    #: None where nothing was written.
    artifact_id: int | None = None
    segments: int = 0
    #: Segments whose rows were read; the others had been loaded before.
    segments_read: int = 0
    rows: int = 0
    #: Rows left out, in every segment of the dataset.
    bad_rows: int = 0
    #: The first of those met this time.
    listed: list[BadRow] = field(default_factory=list)

    def note_bad(self, row: BadRow) -> None:
        """Count a bad row and list it while the list is short."""
        self.bad_rows += 1
        if len(self.listed) < LISTED:
            self.listed.append(row)


def check_source(order: LoadOrder, source: Source, progress: Progress) -> LoadSummary:
    """Read every row that a loading would read, and write nothing.

    Raises:
        UnreadableRecords: A file cannot be read, or a bad row is met that the order does not skip.
    """
    reading = _Reading(order, source, progress)
    for segment in reading.segments():
        if reading.loaded(segment) is None:
            for _ in reading.good_rows(segment):
                pass
            reading.summary.segments_read += 1
    reading.refuse_bad_rows()
    return reading.summary


def load_dataset(order: LoadOrder, source: Source, progress: Progress) -> LoadSummary:
    """Load the rows of a source; repeated, it finds what it loaded and changes nothing.

    With ``skip_bad_rows`` off all rows are checked before the first is written, so that a bad one
    leaves nothing behind. A loading that is cut off goes on where it was when it is repeated.

    Raises:
        UnreadableRecords: The source cannot be read, a bad row is met that the order does not
            skip, or the name stands for something else.
    """
    if not order.skip_bad_rows:
        check_source(order, source, progress)
    version = find_or_make_dataset(order, source)
    reading = _Reading(order, source, progress)
    digests = []
    for segment in reading.segments():
        _load_segment(version.pk, segment, reading)
        digests.append(segment.digest)
    reading.summary.artifact_id = version.pk
    _finish(version.pk, digest_of_all(digests), reading.summary)
    return reading.summary


class _Reading:
    """One pass over a source."""

    def __init__(self, order: LoadOrder, source: Source, progress: Progress) -> None:
        self.order = order
        self.summary = LoadSummary()
        self._source = source
        self._progress = progress
        self._length: int | None = None

    def segments(self) -> Iterator[Segment]:
        """Yield the segments, counting those that are done.

        Raises:
            UnreadableRecords: The source cannot be read.
        """
        with self._named():
            self._length = self._source.length
            for segment in self._source.segments():
                self._tell()
                yield segment
                self.summary.segments += 1
        self._tell()

    def loaded(self, segment: Segment) -> Artifact | None:
        """Find a segment whose wanted rows are all in the index, under this layout and key."""
        found = Artifact.objects.filter(
            identity=f"segment:{segment.digest}",
            state=ArtifactState.CURRENT,
            **{
                f"attributes__{LOADED_AS}": layout_document(self.order.layout),
                f"attributes__{KEY_VERSION}": settings.SUBJECT_PEPPER_VERSION,
            },
        ).first()
        if found is None or (found.attributes[BAD_ROWS] and not self.order.skip_bad_rows):
            return None
        return found

    def good_rows(self, segment: Segment) -> Iterator[Row]:
        """Yield the rows of a segment that can be taken; the others are counted and listed.

        Raises:
            UnreadableRecords: The file cannot be read on.
        """
        with self._named():
            for row in segment.read(self.order.layout):
                if isinstance(row, BadRow):
                    self.summary.note_bad(row)
                    continue
                self.summary.rows += 1
                if self.summary.rows % STRIDE == 0:
                    self._tell()
                yield row

    def refuse_bad_rows(self) -> None:
        """Stop at bad rows, unless they are to be skipped.

        Raises:
            UnreadableRecords: There are some; the first ones are named.
        """
        if not self.summary.bad_rows or self.order.skip_bad_rows:
            return
        many = self.summary.bad_rows > 1
        rows = f"{self.summary.bad_rows:,} rows" if many else "1 row"
        raise UnreadableRecords(
            f"{self.order.full_name}: {rows} cannot be taken, so nothing was loaded. "
            + " ".join(map(str, self.summary.listed))
        )

    def _tell(self) -> None:
        self._progress(self.summary.segments, self._length, self.summary.rows)

    @contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except MalformedRecordsError as error:
            raise UnreadableRecords(f"{self.order.full_name}: {error}") from error


@transaction.atomic
def _load_segment(version_id: int, segment: Segment, reading: _Reading) -> None:
    """Load one segment: all of it or, when cut off, nothing."""
    # The lock guarantees that nobody loads, redacts or supersedes the same rows meanwhile.
    lock_graph()
    version = Artifact.objects.get(pk=version_id)
    if version.state != ArtifactState.CURRENT:
        raise UnreadableRecords(f"{version.name} was replaced while it was loaded; load it again.")
    known = reading.loaded(segment)
    [segment_id] = attach_segments(version, [segment]).values()
    if known is not None:
        reading.summary.bad_rows += known.attributes[BAD_ROWS]
        return
    # Until all of it is in, whom the dataset concerns is not known.
    Artifact.objects.filter(pk=version_id).update(indexed_at=None)
    layout, before = reading.order.layout, reading.summary.bad_rows
    with incoming_fingerprints(layout) as fingerprints, incoming_postings() as postings:
        for row in reading.good_rows(segment):
            take_row(row, segment_id, postings, fingerprints)
    reading.refuse_bad_rows()
    bad = reading.summary.bad_rows - before
    Artifact.objects.filter(pk=segment_id).update(
        attributes={
            LOADED_AS: layout_document(layout),
            KEY_VERSION: settings.SUBJECT_PEPPER_VERSION,
            BAD_ROWS: bad,
        }
    )
    reading.summary.segments_read += 1


@transaction.atomic
def _finish(version_id: int, digest: str, summary: LoadSummary) -> None:
    """Say that a dataset is indexed, or why it is not."""
    lock_graph()
    version = Artifact.objects.get(pk=version_id)
    if version.indexed_at is None:
        link_duplicates(segments_of(version))
    if version.attributes.pop(OTHER_DIGESTS, None):
        version.save(update_fields=["attributes"])
    if summary.bad_rows:
        # Nobody tries again by itself: the rows are as bad then.
        DueReading.objects.update_or_create(
            artifact=version,
            defaults={
                "announced_at": timezone.now(),
                "attempts": settings.JOB_MAX_ATTEMPTS,
                "trouble": f"{summary.bad_rows:,} of its rows were left out as unusable.",
            },
        )
        Artifact.objects.filter(pk=version_id).update(digest=digest, indexed_at=None)
        return
    DueReading.objects.filter(artifact=version).delete()
    if version.digest != digest or version.indexed_at is None:
        Artifact.objects.filter(pk=version_id).update(digest=digest, indexed_at=timezone.now())
