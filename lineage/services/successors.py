"""The node of what took the place of a dataset, under a name that says so."""

import hashlib
from collections.abc import Mapping

from django.utils import timezone

from lineage.graph import Relation
from lineage.models import Artifact, Derivation
from lineage.services.graph import DESTRUCTION

#: Leaves room for the mark within the columns.
LONGEST_IDENTITY = 440
LONGEST_NAME = 270


def add_successor(
    old: Artifact,
    relation: Relation,
    *,
    mark: str,
    key: str = "",
    attributes: Mapping[str, object] | None = None,
) -> tuple[Artifact, bool]:
    """Find or make the node that took the place of a dataset; call under the writers' lock.

    It is of the same kind, lies at the same place and keeps what was recorded of the old one: its
    description, its copies, its layout. However often a dataset is succeeded, the names grow by
    one mark only.

    Args:
        old: What was replaced.
        relation: Edge from the old node to the new one.
        mark: Words that tell the new version from every other one, for its name.
        key: The same for its identity; empty for the mark itself.
        attributes: What differs from the old one.

    Returns:
        The node, and whether it was made just now.
    """
    root = old.attributes.get("successor_of", {"identity": old.identity, "name": old.name})
    identity = root["identity"]
    if len(identity) > LONGEST_IDENTITY:
        identity = f"dataset:sha256:{hashlib.sha256(identity.encode()).hexdigest()}"
    kept = {name: value for name, value in old.attributes.items() if name not in DESTRUCTION}
    new, made = Artifact.objects.get_or_create(
        identity=f"{identity}+{(key or mark).replace(' ', '-')}",
        defaults={
            "kind": old.kind,
            "name": f"{root['name'][:LONGEST_NAME]} {mark}"[-300:],
            "location": old.location,
            "attributes": kept | {"successor_of": root} | dict(attributes or {}),
            "occurred_at": timezone.now(),
        },
    )
    if made:
        Derivation.objects.create(
            upstream=old, downstream=new, relation=relation, occurred_at=new.occurred_at
        )
    return new, made
