"""A request of whose data subject a record was said by a second row, too."""

import secrets

from deletion_requests.models import DeletionRequest
from governance.models import User
from lineage.graph import ArtifactKind, Relation
from lineage.models import Artifact, Derivation, Posting, RecordFingerprint
from tests.factories import ArtifactFactory, planned_request


def with_a_duplicate(author: User | None = None) -> DeletionRequest:
    """A request whose plan waits for approval; the row x-17 says the same as the record r-1."""
    request = planned_request(author=author)
    request.subject_digest = secrets.token_bytes(16)
    request.save()
    dataset: Artifact = ArtifactFactory.create(
        kind=ArtifactKind.DATASET_VERSION, name="comments v1"
    )
    segment: Artifact = ArtifactFactory.create(kind=ArtifactKind.SEGMENT, name="comments/a.jsonl")
    Derivation.objects.create(upstream=segment, downstream=dataset, relation=Relation.PART_OF)
    Posting.objects.create(
        subject_digest=request.subject_digest,
        key_version=request.key_version,
        segments=[segment.pk],
        record_ids=["r-1"],
    )
    content = secrets.token_bytes(16)
    for record in ("r-1", "x-17"):
        RecordFingerprint.objects.create(
            segment=segment,
            record_id=record,
            key_version=request.key_version,
            content=content,
            named=True,
        )
    return request
