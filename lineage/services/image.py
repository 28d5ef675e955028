"""Writing the image of the graph that traces start from."""

from dataclasses import dataclass

from django.conf import settings
from django.db import connection

from lineage.closure.csr import UnfitSnapshotError
from lineage.closure.image import stamp_in
from lineage.models import ArtifactRevision, DerivationRevision
from lineage.selectors.knowledge import one_moment
from lineage.selectors.standing import read_image

#: So many changes may lie over an image before it is written anew; a smaller graph needs none.
MANY_CHANGES = 10_000
#: Lock of whoever writes the image: "image" in ASCII.
_IMAGE_LOCK = 0x696D616765


@dataclass(frozen=True, kw_only=True)
class WrittenImage:
    """What was laid out."""

    #: The moment that it shows.
    moment: int
    artifacts: int
    edges: int
    #: Of all arrays.
    bytes: int


def write_image() -> WrittenImage:
    """Lay the graph out anew and put the image where every process finds it.

    Waits for no writer of the graph. Without an image, or with an old one, answers are the same:
    only the first trace of a process takes longer.
    """
    with one_moment():
        image = read_image()
    image.save(settings.GRAPH_IMAGE)
    return WrittenImage(
        moment=image.stamp.moment,
        artifacts=len(image.nodes),
        edges=len(image.graph.links.rows.targets) + len(image.idle),
        bytes=image.nbytes,
    )


def refresh_image() -> WrittenImage | None:
    """Write the image if much changed since it was written, unless somebody is at it.

    Returns:
        What was written; None where nothing was.
    """
    with connection.cursor() as cursor:
        # Of the session, not of a transaction: a large graph takes a while to lay out.
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_IMAGE_LOCK])
        (mine,) = cursor.fetchone()
        try:
            return write_image() if mine and _is_old() else None
        finally:
            if mine:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_IMAGE_LOCK])


def _is_old() -> bool:
    try:
        moment = stamp_in(settings.GRAPH_IMAGE).moment
    except UnfitSnapshotError:
        moment = 0
    changes = sum(
        revisions.objects.filter(since_id__gt=moment)[:MANY_CHANGES].count()
        for revisions in (ArtifactRevision, DerivationRevision)
    )
    return changes >= MANY_CHANGES
