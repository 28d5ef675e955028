"""What the record index holds of data subjects: in which segments, and under which record ids."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path

import numpy as np
from django.db import connection

from governance.subjects import SubjectDigest
from lineage.membership.file_index import FileIndex, UnfitIndexError
from lineage.membership.grouping import Numbers
from lineage.membership.index import FreshIndex, MembershipIndex
from lineage.models import ChangedPosting, FileIndexBuild, Posting
from lineage.selectors.knowledge import one_moment

_LOOK_UP = """
SELECT ARRAY(SELECT unnest(segments) UNION SELECT unnest(past_segments) ORDER BY 1)
FROM lineage_posting WHERE subject_digest = %s::uuid
"""


@dataclass(frozen=True, kw_only=True)
class Held:
    """Where somebody's records lie and lay."""

    #: Segment and record id of each record; the id is empty where the record has none.
    entries: tuple[tuple[int, str], ...]
    #: Segments that held a record until it was redacted.
    past: frozenset[int]


def held_of(subject: SubjectDigest) -> Held:
    """Find what is held of a data subject, under every version of the key that the digest knows.

    It is one statement, so that what moves from one version to another meanwhile is not missed.
    """
    rows = list(Posting.objects.filter(subject_digest__in=subject.values))
    return Held(
        entries=tuple(sorted({entry for row in rows for entry in entries_of(row)})),
        past=frozenset(segment for row in rows for segment in row.past_segments or ()),
    )


def entries_of(posting: Posting) -> Iterator[tuple[int, str]]:
    """Segment and record id of each record of a posting."""
    named = posting.record_ids
    ids = repeat("", len(posting.segments)) if named is None else named
    return zip(posting.segments, ids, strict=True)


class PostgresIndex:
    """The postings themselves as a membership index."""

    def look_up(self, digest: bytes) -> Numbers:
        """Find the segments of a data subject; see :mod:`lineage.membership.index`."""
        with connection.cursor() as cursor:
            cursor.execute(_LOOK_UP, [digest.hex()])
            row = cursor.fetchone()
        return np.array(row[0] if row else (), dtype=np.int32)


@contextmanager
def membership_index() -> Iterator[MembershipIndex]:
    """Open the fastest index there is, to ask for many data subjects in one moment.

    That is the newest file index of this machine, with the postings for whatever has changed
    since; without one, the postings alone. No answer is older than the moment of opening.
    """
    with one_moment():
        rows = PostgresIndex()
        build = FileIndexBuild.objects.exclude(ready_at=None).order_by("-pk").first()
        built = _opened(build) if build else None
        if build is None or built is None:
            yield rows
            return
        changes = ChangedPosting.objects.filter(pk__gt=build.after_change)
        changed = frozenset(map(bytes, changes.values_list("subject_digest", flat=True).distinct()))
        yield FreshIndex(built=built, changed=changed, rows=rows)


def _opened(build: FileIndexBuild) -> FileIndex | None:
    """The files of a build; None where they lie on another machine, or were replaced just now."""
    try:
        return FileIndex(Path(build.folder))
    except UnfitIndexError:
        return None
