"""What planning looks at: the affected artifacts with what is recorded of them."""

from collections.abc import Collection, Mapping

from lineage.graph import ROW_HOLDERS, TRAINED, ArtifactKind, Impact, Relation
from lineage.models import Artifact
from lineage.records import layout_from, why_not_rewritable
from lineage.selectors import (
    Synthesis,
    Training,
    contact_of,
    locations_of,
    made_artifacts_in,
    synthesis_of,
    training_of,
)
from lineage.services.datasets import BY_HAND
from unlearning.jobs.descriptions import why_unrepeatable
from unlearning.planning import (
    PlanningArtifact,
    PlanningInput,
    SynthesisSummary,
    TrainingSummary,
)

_NO_ROWS = "every row of it was read and none belongs to the data subject"
_NOT_READ = "its rows were not all read, so whether it holds a record is not known"


def without_rows(impact: Impact) -> dict[int, str]:
    """Row holders in which no record was found, each with the reason why nothing is done there.

    A cache whose rows were never read is destroyed all the same: nothing is lost with it.
    """
    held = {record.dataset_version for record in impact.records}
    found = {}
    for node in (item.node for item in impact.affected):
        if node.kind not in ROW_HOLDERS or node.id in held:
            continue
        if node.indexed:
            found[node.id] = _NO_ROWS
        elif node.kind is not ArtifactKind.CACHE:
            found[node.id] = _NOT_READ
    return found


def gather(
    impact: Impact, rows: Mapping[int, Artifact], *, leave_out: Collection[int]
) -> PlanningInput:
    """Describe the affected artifacts to the planner.

    Args:
        impact: What the trace found.
        rows: The artifacts of the trace by id.
        leave_out: Artifacts that planning need not look at.
    """
    affected = [item for item in impact.affected if item.node.id not in leave_out]
    versions: dict[int, set[int]] = {}
    for record in impact.records:
        versions.setdefault(record.segment, set()).add(record.dataset_version)
    trainings = {item.node.id: training_of(item.node.id) for item in affected}
    syntheses = {item.node.id: synthesis_of(item.node.id) for item in affected}
    read = {number for training in trainings.values() for number in _trained_on(training)}
    ids = {item.node.id for item in affected}
    return PlanningInput(
        artifacts=tuple(
            PlanningArtifact(
                id=item.node.id,
                kind=item.node.kind,
                name=item.node.name,
                influence=item.influence,
                rank=item.rank,
                training=_summary(training),
                base_models=training.base_models if training else (),
                unrepeatable=why_unrepeatable(item.node.id) if item.node.kind in TRAINED else "",
                ancestors=tuple(
                    sorted(made_artifacts_in(training, synthesis) & ids - {item.node.id})
                ),
                dataset_versions=tuple(sorted(versions.get(item.node.id, ()))),
                tags=_tags(rows[item.node.id]),
                synthesis=_sampling(synthesis),
                feeds_training=item.node.id in read,
                locations=locations_of(item.node.id),
                by_hand=_by_hand(rows[item.node.id]),
                reachable=contact_of(item.node.id) is not None,
            )
            for item in affected
            for training in [trainings[item.node.id]]
            for synthesis in [syntheses[item.node.id]]
        )
    )


def _by_hand(row: Artifact) -> str:
    """Say why only a person can take rows out of a dataset; empty where a job can."""
    layout = layout_from(row.attributes)
    told = str(row.attributes.get(BY_HAND, ""))
    return told or (why_not_rewritable(layout.format) if layout else "")


def _trained_on(training: Training | None) -> set[int]:
    uses = training.datasets if training else ()
    return {use.artifact_id for use in uses if use.relation != Relation.EVALUATED_ON}


def _tags(row: Artifact) -> dict[str, str]:
    return {**(row.made_by.tags if row.made_by else {}), **row.attributes.get("tags", {})}


def _summary(training: Training | None) -> TrainingSummary | None:
    if training is None:
        return None
    return TrainingSummary(
        recipe=training.recipe,
        seconds=training.seconds,
        n_shards=_count(training.params.get("n_shards")),
        n_slices=_count(training.params.get("n_slices")),
    )


def _sampling(synthesis: Synthesis | None) -> SynthesisSummary | None:
    if synthesis is None:
        return None
    return SynthesisSummary(
        recipe=synthesis.recipe, policy=synthesis.policy, generator=synthesis.generator
    )


def _count(text: str | None) -> int:
    """Read a recorded number of shards or slices; 1 where none was recorded."""
    return int(text) if text and text.isdigit() else 1
