"""After rows were taken out of the segment files: the graph learns what is there now."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from lineage.capture.locations import local_path
from lineage.errors import ArtifactNotFound, UnreadableRecords
from lineage.graph import ArtifactKind, Relation
from lineage.models import Artifact, ArtifactState, Derivation, Posting
from lineage.records import MalformedRecordsError, list_segments, version_digest
from lineage.services.graph import lock_graph
from lineage.services.record_index import directory_of, load_record_index


@transaction.atomic
def record_redaction(*, dataset_version_id: int) -> Artifact:
    """Record the version that a rewrite of segment files made; repeated, it finds that version.

    The new version lies at the same place, ``redacted_from`` the old one, and is read into the
    record index. The old version is superseded; segments that no current version holds any more
    are destroyed, and the subjects in them keep only what :class:`lineage.models.Posting` says.

    Args:
        dataset_version_id: The version whose files were rewritten.

    Returns:
        The version that the files hold now; the given one where nothing was changed.

    Raises:
        ArtifactNotFound: No dataset version has this id.
        UnreadableRecords: The files cannot be read; nothing is changed.
    """
    lock_graph()
    old = Artifact.objects.filter(pk=dataset_version_id, kind=ArtifactKind.DATASET_VERSION).first()
    if old is None:
        raise ArtifactNotFound(f"There is no dataset version with the id {dataset_version_id}.")
    try:
        digest = version_digest(list_segments(directory_of(old)))
    except MalformedRecordsError as error:
        raise UnreadableRecords(f"{old.name}: {error}") from error
    if digest == old.digest:
        return old
    new, made = _new_version(old, digest)
    if not made:
        return new
    load_record_index(dataset_version_id=new.pk)
    rewritten = _link_rewritten_segments(old, new)
    Artifact.objects.filter(pk=old.pk, state=ArtifactState.CURRENT).update(
        state=ArtifactState.SUPERSEDED
    )
    _destroy_vanished_segments(old, rewritten)
    new.refresh_from_db()
    return new


def _new_version(old: Artifact, digest: str) -> tuple[Artifact, bool]:
    """Find or make the node of the redacted version."""
    root = old.attributes.get("redaction_of", {"identity": old.identity, "name": old.name})
    name = root["identity"]
    if len(name) > 440:  # noqa: PLR2004 - leaves room for the suffix within the column
        name = f"dataset:sha256:{hashlib.sha256(name.encode()).hexdigest()}"
    short = digest.removeprefix("sha256:")[:12]
    new, made = Artifact.objects.get_or_create(
        identity=f"{name}+redacted-{short}",
        defaults={
            "kind": ArtifactKind.DATASET_VERSION,
            "name": f"{root['name'][:270]} redacted {short}",
            "location": old.location,
            "attributes": old.attributes | {"redaction_of": root},
            "occurred_at": timezone.now(),
        },
    )
    if made:
        Derivation.objects.create(
            upstream=old,
            downstream=new,
            relation=Relation.REDACTED_FROM,
            occurred_at=new.occurred_at,
        )
    return new, made


def _segments_of(version: Artifact) -> dict[int, str]:
    """Ids and file names of the segments of a version."""
    edges = Derivation.objects.filter(
        downstream=version, relation=Relation.PART_OF, ended_at=None
    ).select_related("upstream")
    return {edge.upstream_id: _file_name(edge.upstream) for edge in edges}


def _file_name(segment: Artifact) -> str:
    path = local_path(segment.location)
    return (path or Path(segment.name)).name


def _link_rewritten_segments(old: Artifact, new: Artifact) -> dict[int, int]:
    """Say which segment each rewritten one came from; returns old to new ids.

    A redaction only takes rows out, so whoever is in the new segment was in the old one: a trace
    that starts at the new segment therefore starts at the old one too.
    """
    before, after = _segments_of(old), _segments_of(new)
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


def _destroy_vanished_segments(old: Artifact, rewritten: Mapping[int, int]) -> None:
    """Destroy the segments of a superseded version that no current version holds."""
    segments = set(_segments_of(old))
    held = Derivation.objects.filter(
        upstream_id__in=segments,
        relation=Relation.PART_OF,
        ended_at=None,
        downstream__state=ArtifactState.CURRENT,
    ).values_list("upstream_id", flat=True)
    vanished = sorted(segments - set(held))
    Artifact.objects.filter(pk__in=vanished).update(state=ArtifactState.DESTROYED)
    _retire_postings({segment: rewritten.get(segment) for segment in vanished})


def _retire_postings(rewritten: Mapping[int, int | None]) -> None:
    """Take destroyed segments out of the postings.

    A record that is not in the rewritten segment either was redacted: its segment is remembered as
    past. One that is still there has its new entry already, and the old one just goes.

    Args:
        rewritten: Destroyed segments, each with the one that took its place or None.
    """
    touched = list(Posting.objects.filter(segments__overlap=list(rewritten)))
    for posting in touched:
        pairs = list(zip(posting.segments, posting.record_ids, strict=True))
        stay = [(segment, record) for segment, record in pairs if segment not in rewritten]
        redacted = {
            segment
            for segment, record in pairs
            if segment in rewritten and (rewritten[segment], record) not in stay
        }
        posting.segments = [segment for segment, _ in stay]
        posting.record_ids = [record for _, record in stay]
        posting.past_segments = sorted({*posting.past_segments, *redacted})
    Posting.objects.bulk_update(
        touched, ["segments", "record_ids", "past_segments"], batch_size=1000
    )
