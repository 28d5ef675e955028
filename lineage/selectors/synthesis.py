"""What is recorded of the making of a synthetic dataset, so that it can be made again."""

from collections.abc import Mapping
from dataclasses import dataclass

from lineage.graph import ArtifactKind
from lineage.models import Artifact


@dataclass(frozen=True, kw_only=True)
class Synthesis:
    """How the rows of a synthetic dataset were sampled."""

    #: ``module:name`` that samples such rows again, or empty.
    recipe: str
    params: Mapping[str, str]
    seed: int
    #: What its owner wants once its generator forgets somebody: ``regenerate`` or ``delete``.
    policy: str
    #: Artifact id of the model that it was sampled from.
    generator: int


def synthesis_of(artifact_id: int) -> Synthesis | None:
    """Read the recorded synthesis of a synthetic dataset.

    Returns:
        None where the artifact does not exist, is no synthetic dataset, or where its generator is
        not known (which is a gap of the graph).
    """
    dataset = Artifact.objects.filter(
        pk=artifact_id, kind=ArtifactKind.SYNTHETIC_DATASET, attributes__has_key="synthesis"
    ).first()
    if dataset is None:
        return None
    recorded = dataset.attributes["synthesis"]
    generator = Artifact.objects.filter(identity=recorded["generator"]).first()
    if generator is None:
        return None
    return Synthesis(
        recipe=recorded["recipe"],
        params=recorded["params"],
        seed=recorded["seed"],
        policy=recorded["policy"],
        generator=generator.pk,
    )
