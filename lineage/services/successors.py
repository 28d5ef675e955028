"""The node of what took the place of a dataset, under a name that says so."""

import hashlib
from collections.abc import Mapping

from django.utils import timezone

from lineage.graph import Relation
from lineage.models import Artifact, Derivation
from lineage.services.graph import OF_ONE_CONTENT

#: Leaves room for the mark within the columns.
LONGEST_IDENTITY = 440
LONGEST_NAME = 270


def add_successor(
    old: Artifact,
    relation: Relation,
    *,
    mark: str,
    made_of: str,
    attributes: Mapping[str, object] | None = None,
) -> tuple[Artifact, bool]:
    """Find or make the node that took the place of a dataset; call under the writers' lock.

    It is of the same kind, lies at the same place and keeps what was recorded of the old one: its
    description, its copies, its layout. However often a dataset is succeeded, the names grow by
    one mark only.

    Args:
        old: What was replaced.
        relation: Edge from the old node to the new one.
        mark: Words for its name; the first one also goes into its identity.
        made_of: What tells it from anything else that could take the place of the old one.
        attributes: What differs from the old one.

    Returns:
        The node, and whether it was made just now.
    """
    root = old.attributes.get("successor_of", {"identity": old.identity, "name": old.name})
    identity = root["identity"]
    if len(identity) > LONGEST_IDENTITY:
        identity = f"dataset:sha256:{hashlib.sha256(identity.encode()).hexdigest()}"
    # The old node is part of it: rows that come back and are taken out again leave what an earlier
    # redaction had left, and still that makes another version.
    of = hashlib.sha256(f"{old.identity} {made_of}".encode()).hexdigest()[:12]
    kept = {name: value for name, value in old.attributes.items() if name not in OF_ONE_CONTENT}
    new, made = Artifact.objects.get_or_create(
        identity=f"{identity}+{mark.partition(' ')[0]}-{of}",
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
