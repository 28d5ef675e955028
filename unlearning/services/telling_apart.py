"""Makes sure that the ids of a forget set name nobody else's record wherever a plan uses them.

A plan knows its records by id alone: rows are deleted, trainings repeated without them and vectors
removed by id in every dataset that is touched.
"""

from lineage.graph import ROW_HOLDERS, ArtifactKind, Impact, Relation
from lineage.models import Artifact
from lineage.selectors import (
    datasets_with_ids_of_others,
    made_artifacts_in,
    synthesis_of,
    training_of,
)
from unlearning.errors import SharedRecordIdsError


def require_ids_of_nobody_else(impact: Impact) -> None:
    """Refuse a forget set whose ids would take rows of other people along.

    Raises:
        SharedRecordIdsError: An id of the data subject's records is that of somebody else's record
            in a dataset that the plan would touch.
    """
    shared = datasets_with_ids_of_others(impact.records, datasets=_touched(impact))
    if shared:
        rows = Artifact.objects.filter(pk__in=shared).order_by("name")
        names = ", ".join(row.name for row in rows)
        raise SharedRecordIdsError(
            "Give every record an id of its own across the data sets, send them again, and resume: "
            "an id of the data subject's records is also that of somebody else's record, which a "
            f"plan would take along, in {names}."
        )


def _touched(impact: Impact) -> set[int]:
    """Datasets in which a plan goes by record ids: where rows are, and what trainings read."""
    held = {item.node.id for item in impact.affected if item.node.kind in _REWRITTEN}
    waiting = [item.node.id for item in impact.affected if item.node.kind not in _WITHOUT_TRAINING]
    seen = set(waiting)
    while waiting:
        artifact = waiting.pop()
        training, synthesis = training_of(artifact), synthesis_of(artifact)
        held |= {
            use.artifact_id
            for use in (training.datasets if training else ())
            if use.relation != Relation.EVALUATED_ON
        }
        fresh = made_artifacts_in(training, synthesis) - seen
        seen |= fresh
        waiting += fresh
    return held


#: Kinds whose rows a plan deletes; in a source a person does it.
_REWRITTEN = ROW_HOLDERS - {ArtifactKind.SOURCE}
#: Kinds of which no training is ever repeated.
_WITHOUT_TRAINING = ROW_HOLDERS | {
    ArtifactKind.SEGMENT,
    ArtifactKind.CHECKPOINT,
    ArtifactKind.PRODUCT,
    ArtifactKind.RECIPIENT,
}
