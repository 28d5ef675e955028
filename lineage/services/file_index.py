"""Building a file index of all memberships from the postings."""

import shutil
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from lineage.membership.file_index import FileIndex, write_file_index
from lineage.membership.rows import read_pairs
from lineage.membership.spool import Spool
from lineage.models import ChangedPosting, FileIndexBuild

#: Triggers that note whose postings change. They are there only while a build needs them, because
#: they make every load slower. To make one waits for whoever is writing: what they wrote is
#: committed, and seen by the build, before the first change is noted.
WATCH = """
CREATE OR REPLACE FUNCTION lineage_note_changed_postings() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO lineage_changedposting (subject_digest) SELECT subject_digest FROM changed;
    RETURN NULL;
END
$$;
CREATE OR REPLACE FUNCTION lineage_forget_file_indexes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM lineage_fileindexbuild;
    RETURN NULL;
END
$$;
CREATE OR REPLACE TRIGGER posting_came AFTER INSERT ON lineage_posting
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION lineage_note_changed_postings();
CREATE OR REPLACE TRIGGER posting_changed AFTER UPDATE ON lineage_posting
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION lineage_note_changed_postings();
CREATE OR REPLACE TRIGGER posting_went AFTER DELETE ON lineage_posting
    REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION lineage_note_changed_postings();
CREATE OR REPLACE TRIGGER postings_emptied BEFORE TRUNCATE ON lineage_posting
    FOR EACH STATEMENT EXECUTE FUNCTION lineage_forget_file_indexes();
"""
UNWATCH = """
DROP TRIGGER IF EXISTS posting_came ON lineage_posting;
DROP TRIGGER IF EXISTS posting_changed ON lineage_posting;
DROP TRIGGER IF EXISTS posting_went ON lineage_posting;
DROP TRIGGER IF EXISTS postings_emptied ON lineage_posting;
"""
#: One membership a row, past ones included: what a trace starts at.
_PAIRS = """
COPY (SELECT subject_digest, unnest(segments || past_segments) FROM lineage_posting)
TO STDOUT (FORMAT binary)
"""


def build_file_index(*, progress: Callable[[int], object]) -> FileIndex:
    """Build a file index of everything that is held now; older ones make room for it.

    It may be cut off at any moment: the index before it goes on to serve.

    Args:
        progress: Called now and then with the number of memberships read.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(WATCH)
        last = ChangedPosting.objects.aggregate(last=Max("pk"))["last"]
        build = FileIndexBuild.objects.create(folder="", after_change=last or 0)
    folder = settings.MEMBERSHIP_FOLDER / f"build-{build.pk}"
    with Spool() as spool:
        _read_memberships(spool, progress)
        index = write_file_index(folder, spool.grouped())
    with transaction.atomic():
        ready = FileIndexBuild.objects.filter(pk=build.pk).update(
            folder=str(folder), memberships=index.memberships, ready_at=timezone.now()
        )
        if ready:
            FileIndexBuild.objects.filter(pk__lt=build.pk).delete()
            ChangedPosting.objects.filter(pk__lte=build.after_change).delete()
    if ready:
        _remove_others(folder)
    return index


@transaction.atomic
def drop_file_index() -> None:
    """Do without a file index again: loads are faster then."""
    with connection.cursor() as cursor:
        cursor.execute(UNWATCH)
    FileIndexBuild.objects.all().delete()
    ChangedPosting.objects.all().delete()
    shutil.rmtree(settings.MEMBERSHIP_FOLDER, ignore_errors=True)


def _read_memberships(spool: Spool, progress: Callable[[int], object]) -> None:
    read = 0
    with connection.cursor() as cursor, cursor.copy(_PAIRS) as copy:
        for digests, segments in read_pairs(copy):
            spool.add(digests, segments)
            read += len(segments)
            progress(read)


def _remove_others(folder: Path) -> None:
    """Remove the files of older builds; whoever has them open keeps reading them."""
    for other in folder.parent.iterdir():
        if other != folder:
            shutil.rmtree(other, ignore_errors=True)
