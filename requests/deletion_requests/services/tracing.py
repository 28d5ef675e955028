"""Traces a request and writes the answer down."""

from collections.abc import Iterable

from django.utils import timezone

from deletion_requests.models import DeletionRequest, RecordedTrace
from deletion_requests.services.transitions import SYSTEM
from deletion_requests.subjects import subject_of
from deletion_requests.timeline import reference_of
from governance.ledger.services import append_entry
from lineage.graph import Impact
from lineage.selectors import count_undecided, impact_document, trace
from lineage.stated import stated_digest, stated_trace
from unlearning.ledgering import as_recorded
from unlearning.models import Evidence


def impact_of(request: DeletionRequest) -> Impact:
    """Find everything that holds or inherited the data subject's records, as of now."""
    return trace(subject_of(request))


def record_trace(
    request: DeletionRequest, purpose: str, impact: Impact, *, evidence: Iterable[Evidence] = ()
) -> None:
    """Keep a trace and note it in the ledger; a later one for the same purpose replaces it.

    Args:
        request: The request.
        purpose: ``initial`` or ``closing``.
        impact: What the trace found.
        evidence: Findings that were recorded of it.
    """
    document = impact_document(impact)
    if undecided := count_undecided(subject_of(request)):
        document["undecided_duplicates"] = undecided
    RecordedTrace.objects.update_or_create(
        request=request,
        purpose=purpose,
        defaults={
            "impact": document,
            "snapshot_hash": impact.snapshot_hash,
            "complete": impact.complete,
            "recorded_at": timezone.now(),
        },
    )
    append_entry(
        kind=f"trace.{purpose}",
        actor=SYSTEM,
        reference=reference_of(request.pk),
        payload={
            "snapshot_hash": impact.snapshot_hash,
            "affected": len(impact.affected),
            "complete": impact.complete,
            "digest": stated_digest(stated_trace(document)),
            "evidence": as_recorded(evidence),
            "note": f"{len(impact.affected)} affected artifacts, {len(impact.gaps)} gaps.",
        },
    )
