"""The terms of an artifact, as an officer states them."""

from django.db import transaction
from django.utils import timezone

from governance.ledger.services import append_entry
from lineage.errors import ArtifactNotFound
from lineage.locks import lock_graph
from lineage.models import Artifact
from lineage.terms import STATED, Terms, as_facet, terms_of


@transaction.atomic
def state_terms(*, artifact_id: int, terms: Terms, actor: str) -> Terms:
    """Record terms of an artifact; they count before anything that was captured.

    A later version that takes the artifact's place inherits them. What held before stays known
    from the ledger.

    Args:
        artifact_id: Of any kind of artifact.
        terms: What to state; what is None stays as it was stated before.
        actor: Who states it, as the ledger names people.

    Returns:
        The terms that hold now.

    Raises:
        ArtifactNotFound: No artifact has this id.
    """
    # The lock guarantees that no capture merges into the row between our reading and our writing.
    lock_graph()
    artifact = Artifact.objects.filter(pk=artifact_id).first()
    if artifact is None:
        raise ArtifactNotFound(f"There is no artifact with the id {artifact_id}.")
    stated = {**artifact.attributes.get(STATED, {}), **as_facet(terms)}
    artifact.attributes[STATED] = stated
    artifact.save(update_fields=["attributes"])
    append_entry(
        kind="terms.stated",
        actor=actor,
        reference=f"artifact:{artifact.pk}",
        payload={"stated": stated, "at": timezone.now().isoformat()},
    )
    return terms_of(artifact.attributes)
