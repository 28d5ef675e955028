"""What the new versions of a plan were made from: the datasets as they are now.

MLflow's runs are older than the redacted and the regenerated datasets and cannot name them; Vestige
trained on exactly these rows and says so itself.
"""

from collections.abc import Mapping, Sequence

from lineage.capture.observations import Observations, ObservedDerivation
from lineage.graph import DATASETS, MODELS, Relation
from lineage.models import Artifact, Derivation
from unlearning.models import PlanStep

#: Relations of an old version that its new version repeats, to the datasets as they are now. What
#: it was made from besides, a run's model inputs tell: bases of fine-tunes, teachers of students.
#: An index keeps its old embedder: the vectors of the other rows were not computed anew.
_REPEATED = (
    Relation.TRAINED_ON,
    Relation.EVALUATED_ON,
    Relation.INDEXES,
    Relation.EMBEDDED_BY,
)


def lineage_of_new_versions(steps: Sequence[PlanStep]) -> Observations:
    """Describe the edges of every model that the steps made."""
    pairs: list[tuple[int, int]] = []
    for step in steps:
        if made := step.outcome.get("artifact"):
            pairs.append((step.artifact_id, made))
        pairs += [(base["of"], base["artifact"]) for base in _bases(step)]
    rows = Artifact.objects.in_bulk([made for _, made in pairs])
    datasets = {old: rows[made].identity for old, made in pairs if rows[made].kind in DATASETS}
    return Observations(
        derivations=tuple(
            derivation
            for old, made in pairs
            if rows[made].kind in MODELS
            for derivation in _repeated(old, rows[made], datasets)
        )
    )


def _bases(step: PlanStep) -> list[dict[str, int]]:
    """What took the place of the models that a step made its own from."""
    # Steps that were done before merges could be repeated name one base or none.
    one = step.outcome.get("base")
    return [*step.outcome.get("bases", ()), *([one] if one else [])]


def _repeated(old: int, made: Artifact, datasets: Mapping[int, str]) -> list[ObservedDerivation]:
    """Edges of an old version as its new version has them."""
    edges = Derivation.objects.filter(
        downstream_id=old, relation__in=_REPEATED, ended_at=None
    ).select_related("upstream")
    return [
        ObservedDerivation(
            upstream=datasets.get(edge.upstream_id, edge.upstream.identity),
            downstream=made.identity,
            relation=Relation(edge.relation),
        )
        for edge in edges.order_by("pk")
    ]
