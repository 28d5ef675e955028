"""Destruction of an artifact at every recorded location, with one receipt a location.

Every function may be called again after a crash at any line. What the receipts say of the files
comes from an inventory that was kept before the first of them was deleted.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings

from lineage.capture.locations import lies_within, normalise_location
from lineage.graph import Relation
from lineage.models import Artifact, ArtifactState
from lineage.selectors import locations_of
from lineage.services import record_destruction
from unlearning import registry_deletion
from unlearning.jobs.findings import StepFinding
from unlearning.jobs.lease import Lease
from unlearning.models import PlanStep
from unlearning.places import delete_here, path_here
from unlearning.verification.destruction import destruction_finding

Receipt = dict[str, Any]


def destroy_copies(step: PlanStep, result: Mapping[str, Any], lease: Lease) -> dict[str, Any]:
    """Destroy the artifact of a step.

    Raises:
        LeaseLostError: Somebody else holds the job now.
    """
    return {"receipts": destroy(step.artifact, result["details"]["inventory"], lease)}


def destroyed_finding(step: PlanStep, kind: str, receipts: Sequence[Receipt]) -> StepFinding:
    """Judge the destruction of a step's artifact by its receipts."""
    finding = destruction_finding(kind, step.artifact.name, receipts)
    return StepFinding(
        step_id=step.pk,
        kind=finding.kind,
        outcome=finding.outcome,
        summary=finding.summary,
        payload=finding.payload,
    )


def destroy(
    artifact: Artifact, inventory: Sequence[Mapping[str, Any]], lease: Lease
) -> list[Receipt]:
    """Delete an artifact's files wherever they lie, and look again.

    Where everything is gone, its entries in MLflow go too and the graph learns of it. Where
    something stays, they stay as well: nothing that remains may be out of sight.

    Args:
        artifact: What is destroyed.
        inventory: What lay at each location, as ``unlearning.methods.artifact_destruction`` says.
        lease: The right to do so.

    Returns:
        One receipt a location; ``absent`` is false, with a reason, where files remain.

    Raises:
        LeaseLostError: Somebody else holds the job now.
    """
    artifact.refresh_from_db()
    if artifact.state == ArtifactState.DESTROYED:
        # An earlier attempt got this far; what lies there now may be somebody's new work.
        return list(artifact.attributes["receipts"])
    receipts = []
    for number, entry in enumerate(inventory, 1):
        lease.check()
        receipts.append(_destroy_at(artifact, entry))
        lease.renew(message=f"location {number} of {len(inventory)} destroyed")
    if receipts and all(receipt["absent"] for receipt in receipts):
        model_id = artifact.attributes.get("model_id")
        if model_id:
            lease.check()
            registry_deletion.delete_entries(model_id)
        record_destruction(artifact_id=artifact.pk, receipts=receipts)
    return receipts


def _destroy_at(artifact: Artifact, entry: Mapping[str, Any]) -> Receipt:
    """Delete what lies at one location, and read it again."""
    location = entry["location"]
    receipt = {name: entry[name] for name in ("location", "files", "bytes", "digest")}
    reason = entry["reason"] or _ours(location) or _shared(artifact, location)
    if not reason:
        try:
            reason = _delete(location)
        except OSError as error:
            reason = f"it cannot be deleted ({error.strerror or error})"
    return {**receipt, "absent": not reason, **({"reason": reason} if reason else {})}


def _delete(location: str) -> str:
    """Delete files and look again; returns why something stays, or an empty string."""
    path = path_here(location)
    if path is not None:
        delete_here(path)
        return "there is something at this place again" if path.exists() else ""
    registry_deletion.delete_files(location)
    left = registry_deletion.files_left(location)
    return f"the tracking server still lists {left} files" if left else ""


def _ours(location: str) -> str:
    """Refuse a place that holds this installation, whatever was recorded of it."""
    place = path_here(location)
    own = (Path(settings.STATE_DIR), Path(settings.BASE_DIR), Path(settings.JOBS_DIR))
    if place is not None and any(path.is_relative_to(place.resolve()) for path in own):
        return "this installation lies there too"
    return ""


def _shared(artifact: Artifact, location: str) -> str:
    """Say which other artifact lies at or below a location; empty where there is none.

    Its own segments, and earlier versions at the same place, go with it.
    """
    place = normalise_location(location)
    others = (
        Artifact.objects.filter(state=ArtifactState.CURRENT)
        .exclude(pk=artifact.pk)
        .exclude(derivations_out__downstream=artifact, derivations_out__relation=Relation.PART_OF)
    )
    below = others.filter(location__startswith=place) | others.filter(attributes__has_key="copies")
    for other in below.order_by("pk").distinct():
        if any(lies_within(normalise_location(uri), place) for uri in locations_of(other.pk)):
            return f"{other.name} lies there too"
    return ""
