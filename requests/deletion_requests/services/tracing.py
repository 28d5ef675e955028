"""Traces a request and writes the answer down."""

from django.utils import timezone

from deletion_requests.models import DeletionRequest, RecordedTrace
from deletion_requests.services.transitions import SYSTEM
from deletion_requests.timeline import reference_of
from governance.ledger.services import append_entry
from governance.subjects import SubjectDigest
from lineage.graph import Impact
from lineage.selectors import impact_document, trace_subject


def impact_of(request: DeletionRequest) -> Impact:
    """Find everything that holds or inherited the data subject's records, as of now."""
    return trace_subject(
        SubjectDigest(value=bytes(request.subject_digest), key_version=request.key_version)
    )


def record_trace(request: DeletionRequest, purpose: str, impact: Impact) -> None:
    """Keep a trace and note it in the ledger; a later one for the same purpose replaces it."""
    RecordedTrace.objects.update_or_create(
        request=request,
        purpose=purpose,
        defaults={
            "impact": impact_document(impact),
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
            "note": f"{len(impact.affected)} affected artifacts, {len(impact.gaps)} gaps.",
        },
    )
