"""What is recorded of the training of a model, so that it can be repeated."""

from collections.abc import Mapping
from dataclasses import dataclass

from lineage.errors import ArtifactNotFound
from lineage.graph import MODELS, Relation
from lineage.models import Artifact, Derivation

#: Edges from datasets, and edges from the models that a model was made from.
DATASET_RELATIONS = (Relation.TRAINED_ON, Relation.INDEXES, Relation.EVALUATED_ON)
BASE_RELATIONS = (
    Relation.FINE_TUNED_FROM,
    Relation.ADAPTER_OF,
    Relation.DISTILLED_FROM,
    Relation.MERGED_FROM,
    Relation.QUANTIZED_FROM,
    Relation.EMBEDDED_BY,
)


@dataclass(frozen=True, kw_only=True)
class DatasetUse:
    """A dataset that a training read."""

    artifact_id: int
    #: A kind of dataset (``lineage.graph.DATASETS``); ``synthetic_dataset`` has a generator behind
    #: it, see :func:`lineage.selectors.synthesis_of`.
    kind: str
    #: Where it lies.
    uri: str
    #: ``trained_on``, ``indexes`` or ``evaluated_on``.
    relation: str


@dataclass(frozen=True, kw_only=True)
class Training:
    """How a model came to be."""

    #: A kind of model (``lineage.graph.MODELS``).
    kind: str
    #: Empty where the run is not known.
    run_id: str
    #: ``module:callable``, or empty.
    recipe: str
    params: Mapping[str, str]
    seconds: float | None
    datasets: tuple[DatasetUse, ...]
    #: Ids of the models it was made from.
    base_models: tuple[int, ...]
    model_location: str
    #: MLflow id, or empty.
    model_id: str
    digest: str


def training_of(artifact_id: int) -> Training | None:
    """Read the recorded training of a model or index.

    Returns:
        None where the artifact does not exist, is no model, or where neither a run nor
        an input of it is known.
    """
    artifact = Artifact.objects.select_related("made_by").filter(pk=artifact_id).first()
    if artifact is None or artifact.kind not in MODELS:
        return None
    edges = list(
        Derivation.objects.filter(downstream=artifact, ended_at=None)
        .filter(relation__in=(*DATASET_RELATIONS, *BASE_RELATIONS))
        .select_related("upstream")
        .order_by("relation", "upstream_id")
    )
    run = artifact.made_by
    if run is None and not edges:
        return None
    params: Mapping[str, str] = artifact.attributes.get("params", {})
    return Training(
        kind=artifact.kind,
        run_id=run.external_id if run else "",
        recipe=run.recipe if run else "",
        params={**(run.params if run else {}), **params},
        seconds=run.seconds if run else None,
        datasets=tuple(
            DatasetUse(
                artifact_id=edge.upstream_id,
                kind=edge.upstream.kind,
                uri=edge.upstream.location,
                relation=edge.relation,
            )
            for edge in edges
            if edge.relation in DATASET_RELATIONS
        ),
        base_models=tuple(edge.upstream_id for edge in edges if edge.relation in BASE_RELATIONS),
        model_location=artifact.location,
        model_id=str(artifact.attributes.get("model_id", "")),
        digest=artifact.digest,
    )


def model_location(artifact_id: int) -> str:
    """Where a model's files lie.

    Raises:
        ArtifactNotFound: No artifact has this id.
    """
    found = Artifact.objects.filter(pk=artifact_id).values_list("location", flat=True).first()
    if found is None:
        raise ArtifactNotFound(f"There is no artifact with the id {artifact_id}.")
    return found
