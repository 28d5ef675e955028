"""Letting the rows of a dataset be read by a worker."""

from django.db import transaction
from django.utils import timezone

from governance.outbox import publish
from lineage.models import Artifact, DueReading
from lineage.records import Source
from lineage.services.datasets import LoadOrder, find_or_make_dataset

#: News that the rows of a dataset wait to be read.
DATASET_RECORDED = "lineage.dataset_recorded"


@transaction.atomic
def ask_to_load(order: LoadOrder, source: Source) -> Artifact:
    """Put a dataset on record and let its rows be read, all or nothing; returns the dataset.

    Until they are read, whose records it holds is unknown, whatever was read before.

    Raises:
        UnreadableRecords: The name stands for something else; nothing is written.
    """
    dataset = find_or_make_dataset(order, source)
    Artifact.objects.filter(pk=dataset.pk).update(indexed_at=None)
    announce(dataset)
    return dataset


def announce(dataset: Artifact) -> None:
    """Let a dataset be read; one that could not be read before is tried afresh."""
    DueReading.objects.update_or_create(
        artifact=dataset,
        defaults={
            "announced_at": timezone.now(),
            "attempts": 0,
            "tried_at": None,
            "trouble": "",
        },
    )
    publish(DATASET_RECORDED, artifact_id=dataset.pk)
