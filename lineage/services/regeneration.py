"""After a synthetic dataset was sampled again: the graph learns what is there now."""

from django.db import transaction

from lineage.errors import ArtifactNotFound
from lineage.graph import MODELS, ArtifactKind, Relation
from lineage.locks import lock_graph
from lineage.models import Artifact, ArtifactState, Derivation
from lineage.records import version_digest
from lineage.services.record_index import segment_files
from lineage.services.successors import add_successor


@transaction.atomic
def record_regeneration(*, dataset_id: int, generator_id: int) -> Artifact:
    """Record that new rows took the place of old ones; repeated, it finds what it recorded.

    The new dataset lies at the same place, is ``regenerated_from`` the old one, which carries
    nothing over, and ``synthesized_by`` the generator. How it was sampled stays recorded, under
    the new generator. The old dataset is superseded.

    Args:
        dataset_id: The synthetic dataset whose files were replaced.
        generator_id: The model that the new rows were sampled from.

    Returns:
        The dataset that the files hold now; the given one where nothing was changed.

    Raises:
        ArtifactNotFound: There is no such synthetic dataset, or no such model.
        UnreadableRecords: The files cannot be read; nothing is changed.
    """
    lock_graph()
    old = Artifact.objects.filter(pk=dataset_id, kind=ArtifactKind.SYNTHETIC_DATASET).first()
    if old is None:
        raise ArtifactNotFound(f"There is no synthetic dataset with the id {dataset_id}.")
    generator = Artifact.objects.filter(pk=generator_id, kind__in=MODELS).first()
    if generator is None:
        raise ArtifactNotFound(f"There is no model with the id {generator_id}.")
    digest = version_digest(segment_files(old))
    synthesis = old.attributes.get("synthesis", {})
    if (digest, generator.identity) == (old.digest, synthesis.get("generator")):
        return old
    new, made = add_successor(
        old,
        Relation.REGENERATED_FROM,
        mark=f"regenerated {digest.removeprefix('sha256:')[:12]}",
        # Two generators may sample equal rows; they still make two datasets.
        made_of=f"{digest} {generator.identity}",
        # How it was sampled stays: only the generator is another one.
        attributes={"synthesis": {**synthesis, "generator": generator.identity}},
    )
    if made:
        new.digest = digest
        new.save(update_fields=["digest"])
        Derivation.objects.create(
            upstream=generator,
            downstream=new,
            relation=Relation.SYNTHESIZED_BY,
            occurred_at=new.occurred_at,
        )
        Artifact.objects.filter(pk=old.pk, state=ArtifactState.CURRENT).update(
            state=ArtifactState.SUPERSEDED
        )
    return new
