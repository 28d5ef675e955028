"""How large the record index is, under which versions of the key it lies, and what serves it."""

from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Max

from lineage.membership.grouping import LAST_SEGMENT
from lineage.models import Artifact, ChangedPosting, FileIndexBuild

_VERSIONS = """
SELECT key_version, count(*), coalesce(sum(cardinality(segments)), 0),
    count(*) FILTER (WHERE segments = '{}')
FROM lineage_posting GROUP BY key_version ORDER BY key_version
"""
_BYTES = """
SELECT coalesce(sum(pg_total_relation_size(inhrelid)), 0) FROM pg_inherits
WHERE inhparent = 'lineage_posting'::regclass
"""


@dataclass(frozen=True, kw_only=True)
class UnderOneVersion:
    """What lies under one version of the key."""

    key_version: int
    subjects: int
    memberships: int
    #: Subjects of whom nothing is held but segments that rows of theirs were taken out of: they
    #: cannot be read anew.
    only_past: int


def under_versions() -> tuple[UnderOneVersion, ...]:
    """Count what lies under each version of the key; reads all postings."""
    with connection.cursor() as cursor:
        cursor.execute(_VERSIONS)
        rows = cursor.fetchall()
    return tuple(
        UnderOneVersion(key_version=version, subjects=people, memberships=held, only_past=past)
        for version, people, held, past in rows
    )


def index_status_document() -> dict[str, Any]:
    """The state of the record index.

    Keys: ``key_version``, ``versions`` (key_version, subjects, memberships, only_past), ``bytes``,
    ``last_artifact`` and ``last_segment_number`` (the one may not exceed the other), ``file_index``
    (None, or memberships, started_at, changed_since).
    """
    with connection.cursor() as cursor:
        cursor.execute(_BYTES)
        (size,) = cursor.fetchone()
    build = FileIndexBuild.objects.exclude(ready_at=None).order_by("-pk").first()
    return {
        "key_version": settings.SUBJECT_PEPPER_VERSION,
        "versions": [asdict(version) for version in under_versions()],
        "bytes": int(size),
        "last_artifact": Artifact.objects.aggregate(last=Max("pk"))["last"] or 0,
        "last_segment_number": LAST_SEGMENT,
        "file_index": build
        and {
            "memberships": build.memberships,
            "started_at": build.started_at.isoformat(),
            "changed_since": ChangedPosting.objects.filter(pk__gt=build.after_change)
            .values("subject_digest")
            .distinct()
            .count(),
        },
    }
