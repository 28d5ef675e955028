"""Where an artifact lies, and who answers for what lies with somebody else."""

from dataclasses import dataclass

from lineage.errors import ArtifactNotFound
from lineage.graph import ArtifactKind
from lineage.models import Artifact


@dataclass(frozen=True, kw_only=True)
class Contact:
    """Whom to tell at a recipient."""

    name: str
    #: ``mailto:…``, ``https:…`` or ``http:…``.
    address: str


def locations_of(artifact_id: int) -> tuple[str, ...]:
    """Every place that an artifact is known to lie at: its own location first, then its copies.

    Returns:
        URIs without repetition; empty where no place is known.

    Raises:
        ArtifactNotFound: No artifact has this id.
    """
    found = Artifact.objects.filter(pk=artifact_id).values_list("location", "attributes").first()
    if found is None:
        raise ArtifactNotFound(f"There is no artifact with the id {artifact_id}.")
    location, attributes = found
    places = [location, *attributes.get("copies", ())]
    return tuple(dict.fromkeys(place for place in places if place))


def contact_of(artifact_id: int) -> Contact | None:
    """Read whom to tell at a recipient.

    Returns:
        None where the artifact does not exist, is no recipient, or where no contact is recorded
        (which is a gap of the graph).
    """
    recipient = Artifact.objects.filter(pk=artifact_id, kind=ArtifactKind.RECIPIENT).first()
    address = str(recipient.attributes.get("contact", "")) if recipient else ""
    return Contact(name=recipient.name, address=address) if recipient and address else None
