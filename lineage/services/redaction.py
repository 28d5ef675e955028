"""After rows were taken out of the segment files: the graph learns what is there now."""

from django.db import transaction

from lineage.errors import ArtifactNotFound
from lineage.graph import ROW_HOLDERS, Relation
from lineage.locks import lock_graph
from lineage.models import Artifact, ArtifactState, Derivation
from lineage.records import version_digest
from lineage.services.record_index import load_record_index, segment_files
from lineage.services.segments import destroy_vanished_segments, segments_of
from lineage.services.successors import add_successor


@transaction.atomic
def record_redaction(*, dataset_version_id: int) -> Artifact:
    """Record what a rewrite of segment files made; repeated, it finds what it recorded.

    The new version is of the same kind, lies at the same place, is ``redacted_from`` the old one
    and is read into the record index. The old version is superseded; segments that no current
    artifact holds any more are destroyed, and the subjects in them keep only what
    :class:`lineage.models.Posting` says.

    Args:
        dataset_version_id: The holder of rows (``lineage.graph.ROW_HOLDERS``) whose files were
            rewritten.

    Returns:
        The version that the files hold now; the given one where nothing was changed.

    Raises:
        ArtifactNotFound: No holder of rows has this id.
        UnreadableRecords: The files cannot be read; nothing is changed.
    """
    lock_graph()
    old = Artifact.objects.filter(pk=dataset_version_id, kind__in=ROW_HOLDERS).first()
    if old is None:
        raise ArtifactNotFound(f"No artifact with the id {dataset_version_id} holds rows.")
    digest = version_digest(segment_files(old))
    if digest == old.digest:
        return old
    short = digest.removeprefix("sha256:")[:12]
    new, made = add_successor(old, Relation.REDACTED_FROM, mark=f"redacted {short}", made_of=digest)
    if not made:
        return new
    load_record_index(dataset_version_id=new.pk)
    rewritten = _link_rewritten_segments(old, new)
    Artifact.objects.filter(pk=old.pk, state=ArtifactState.CURRENT).update(
        state=ArtifactState.SUPERSEDED
    )
    destroy_vanished_segments(old, rewritten)
    new.refresh_from_db()
    return new


def _link_rewritten_segments(old: Artifact, new: Artifact) -> dict[int, int]:
    """Say which segment each rewritten one came from; returns old to new ids.

    A redaction only takes rows out, so whoever is in the new segment was in the old one: a trace
    that starts at the new segment therefore starts at the old one too.
    """
    before, after = segments_of(old), segments_of(new)
    by_name = {name: segment for segment, name in before.items() if segment not in after}
    rewritten = {
        by_name[name]: segment
        for segment, name in after.items()
        if segment not in before and name in by_name
    }
    Derivation.objects.bulk_create(
        (
            Derivation(
                upstream_id=upstream,
                downstream_id=downstream,
                relation=Relation.REDACTED_FROM,
                occurred_at=new.occurred_at,
            )
            for upstream, downstream in rewritten.items()
        ),
        ignore_conflicts=True,
    )
    return rewritten
