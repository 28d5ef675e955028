"""Receiving OpenLineage events: stored as sent, then put into the graph."""

import hashlib
import json
from dataclasses import dataclass

from django.db import transaction

from lineage.capture.openlineage import MappedEvent, map_event
from lineage.capture.openlineage_schema import check_event
from lineage.errors import UnusableEvent
from lineage.graph import DATASETS, ArtifactKind
from lineage.models import Artifact, ArtifactState, LineageEvent
from lineage.records import layout_from
from lineage.services.announcing import announce
from lineage.services.graph import record_observations
from lineage.services.standing import read_standing


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
        _ask_to_read(mapped)
    return Receipt(new=new, warnings=warnings)


def _ask_to_read(event: MappedEvent) -> None:
    """Announce the datasets that were written, so that their rows are read.

    What was read before they were written no longer counts: until the reading, it is unknown whose
    records they hold. Whatever stands there now is read, even after an event from before it stood:
    the clocks of pipelines are not ours, and a repeated reading changes nothing.
    """
    standing = read_standing(event.written)
    for artifact in Artifact.objects.filter(
        identity__in={standing.now(identity) for identity in event.written},
        kind__in=DATASETS,
        state=ArtifactState.CURRENT,
    ):
        if not _is_readable(artifact):
            continue
        if artifact.indexed_at is not None and artifact.indexed_at < event.at:
            artifact.indexed_at = None
            artifact.save(update_fields=["indexed_at"])
        announce(artifact)


def _is_readable(dataset: Artifact) -> bool:
    """Whether there is something to read: rows or, of a synthetic dataset, at least the digest."""
    if dataset.kind == ArtifactKind.SYNTHETIC_DATASET:
        return True
    return layout_from(dataset.attributes) is not None
