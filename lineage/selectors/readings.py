"""How the reading of a dataset's rows stands."""

from typing import Any

from governance.attempts import attempts_are_spent
from lineage.errors import ArtifactNotFound
from lineage.graph import ROW_HOLDERS
from lineage.models import Artifact, DueReading


def reading_document(artifact_id: int) -> dict[str, Any]:
    """Render how far a dataset is read.

    Keys: ``artifact_id``, ``dataset`` (its name), ``state`` (``waiting``; ``indexed``: every row is
    in the record index; ``failed``: it is not tried again; ``not_announced``), ``trouble`` (why
    the last try failed, with file, row and column; empty where none did), ``indexed_at``,
    ``by_hand`` (why only a person can take rows out; empty where a job can).

    Raises:
        ArtifactNotFound: No holder of rows has this id.
    """
    dataset = Artifact.objects.filter(pk=artifact_id, kind__in=ROW_HOLDERS).first()
    if dataset is None:
        raise ArtifactNotFound(f"There is no dataset with the id {artifact_id}.")
    due = DueReading.objects.filter(artifact=dataset).first()
    return {
        "artifact_id": dataset.pk,
        "dataset": dataset.name,
        "state": _state(dataset, due),
        "trouble": due.trouble if due else "",
        "indexed_at": dataset.indexed_at.isoformat() if dataset.indexed_at else None,
        "by_hand": dataset.attributes.get("by_hand", ""),
    }


def _state(dataset: Artifact, due: DueReading | None) -> str:
    if due is not None:
        return "failed" if attempts_are_spent(due.attempts) else "waiting"
    return "indexed" if dataset.indexed_at else "not_announced"
