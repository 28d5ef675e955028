"""Receiving OpenLineage events: stored as sent, then put into the graph."""

import hashlib
import json
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from governance.outbox import publish
from lineage.capture.openlineage import map_event
from lineage.capture.openlineage_schema import check_event
from lineage.errors import UnusableEvent
from lineage.graph import DATASETS
from lineage.models import Artifact, DueReading, LineageEvent
from lineage.services.graph import record_observations

#: News that the rows of a dataset wait to be read.
DATASET_RECORDED = "lineage.dataset_recorded"


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What became of one event."""

    #: False where exactly this event was known already.
    new: bool
    #: Irregularities that did no harm.
    warnings: tuple[str, ...]


@transaction.atomic
def receive_event(*, event: object) -> Receipt:
    """Store one event and merge what it says; a repeated event changes nothing.

    Args:
        event: A decoded JSON value as a client sent it.

    Raises:
        UnusableEvent: It breaks the core schema; nothing is stored.
    """
    findings = check_event(event)
    if findings.errors or not isinstance(event, dict):
        raise UnusableEvent(errors=tuple(findings.errors))
    mapped = map_event(event)
    warnings = (*findings.warnings, *mapped.warnings)
    canonical = json.dumps(event, sort_keys=True, separators=(",", ":"))
    _, new = LineageEvent.objects.get_or_create(
        body_digest=hashlib.sha256(canonical.encode()).digest(),
        defaults={"body": event, "warnings": list(warnings)},
    )
    if new:
        record_observations(mapped.observations)
        for artifact in Artifact.objects.filter(identity__in=mapped.to_index, kind__in=DATASETS):
            _announce(artifact)
    return Receipt(new=new, warnings=warnings)


def _announce(dataset: Artifact) -> None:
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
