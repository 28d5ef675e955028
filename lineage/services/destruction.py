"""After the files of an artifact were deleted: the graph learns that it is gone."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from lineage.errors import ArtifactNotFound
from lineage.graph import ROW_HOLDERS
from lineage.locks import lock_graph
from lineage.models import Artifact, ArtifactState
from lineage.services.later_uses import note_later_uses
from lineage.services.segments import destroy_vanished_segments


@transaction.atomic
def record_destruction(*, artifact_id: int, receipts: Sequence[Mapping[str, Any]]) -> None:
    """Record that an artifact is gone from every place it lay at; repeating it changes nothing.

    Of a holder of rows, the segments that no current artifact holds any more are destroyed too,
    and the subjects in them keep only what :class:`lineage.models.Posting` says.

    Args:
        artifact_id: Of any kind of artifact.
        receipts: One a place, JSON objects with at least ``location``. The first receipt for a
            place stays: a repeated look finds nothing there to count any more.

    Raises:
        ArtifactNotFound: No artifact has this id.
    """
    # The lock guarantees that no capture merges into the row between our reading and our writing.
    lock_graph()
    artifact = Artifact.objects.filter(pk=artifact_id).first()
    if artifact is None:
        raise ArtifactNotFound(f"There is no artifact with the id {artifact_id}.")
    known = {receipt["location"]: receipt for receipt in artifact.attributes.get("receipts", ())}
    fresh = {str(receipt["location"]): dict(receipt) for receipt in receipts}
    artifact.attributes["receipts"] = list((fresh | known).values())
    artifact.attributes.setdefault("destroyed_at", timezone.now().isoformat())
    artifact.state = ArtifactState.DESTROYED
    artifact.save(update_fields=["state", "attributes"])
    if artifact.kind in ROW_HOLDERS:
        destroy_vanished_segments(artifact, {})
    note_later_uses({artifact_id})
