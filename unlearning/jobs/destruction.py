"""Destruction of an artifact at every recorded location, with one receipt a location.

Every function may be called again after a crash at any line. What the receipts say of the files
comes from an inventory that was kept before the first of them was deleted.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from lineage.models import Artifact, ArtifactState
from lineage.services import record_destruction
from unlearning import registry_deletion
from unlearning.boundaries import is_whole_folder_of_many
from unlearning.errors import JobFailedError
from unlearning.inventory import NOTHING
from unlearning.jobs.findings import StepFinding
from unlearning.jobs.guards import unapproved_places, why_out_of_bounds, why_shared
from unlearning.jobs.lease import Lease
from unlearning.models import PlanStep
from unlearning.places import delete_here, path_here
from unlearning.verification.destruction import destruction_finding

Receipt = dict[str, Any]


def destroy_copies(step: PlanStep, result: Mapping[str, Any], lease: Lease) -> dict[str, Any]:
    """Destroy the artifact of a step.

    Raises:
        JobFailedError: A place cannot be emptied here, which a person can put right.
        LeaseLostError: Somebody else holds the job now.
    """
    return {"receipts": destroy(step, result["details"]["inventory"], lease)}


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


def destroy(step: PlanStep, inventory: Sequence[Mapping[str, Any]], lease: Lease) -> list[Receipt]:
    """Delete the files of a step's artifact wherever they lie, and look again.

    Where everything is gone, its entries in MLflow go too and the graph learns of it. Where
    something stays, they stay as well: nothing that remains may be out of sight.

    Args:
        step: Its artifact is destroyed, at the places that were approved with it.
        inventory: What lay at each location, as ``unlearning.methods.artifact_destruction`` says.
        lease: The right to do so.

    Returns:
        One receipt a location; ``absent`` is false, with a reason, where files remain that this
        installation cannot or may not delete.

    Raises:
        JobFailedError: A place cannot be emptied here, which a person can put right; all others
            were, and repeating this empties the rest.
        LeaseLostError: Somebody else holds the job now.
    """
    artifact = step.artifact
    artifact.refresh_from_db()
    if artifact.state == ArtifactState.DESTROYED:
        # An earlier attempt got this far; what lies there now may be somebody's new work.
        return list(artifact.attributes["receipts"])
    receipts = [_left(location) for location in unapproved_places(step)]
    obstacles = []
    for number, entry in enumerate(inventory, 1):
        lease.check()
        try:
            receipts.append(_destroy_at(artifact, entry))
        except OSError as error:
            obstacles.append(f"{entry['location']} ({error.strerror or error})")
        lease.renew(message=f"location {number} of {len(inventory)} destroyed")
    if obstacles:
        raise JobFailedError(
            f"{artifact.name} cannot be deleted at {', '.join(obstacles)}: let the workers delete "
            "what lies there, then resume."
        )
    if receipts and all(receipt["absent"] for receipt in receipts):
        model_id = artifact.attributes.get("model_id")
        if model_id:
            lease.check()
            registry_deletion.delete_entries(model_id)
        record_destruction(artifact_id=artifact.pk, receipts=receipts)
    return receipts


def _left(location: str) -> Receipt:
    """The receipt of a place that nobody approved: nothing was looked at, nothing deleted."""
    reason = "it was recorded after the plan was approved"
    nothing = NOTHING.to_json()
    return {"location": location, **nothing, "absent": False, "reason": reason}


def _destroy_at(artifact: Artifact, entry: Mapping[str, Any]) -> Receipt:
    """Delete what lies at one location, and read it again.

    Raises:
        OSError: This machine does not let us delete it.
    """
    location = entry["location"]
    receipt = {name: entry[name] for name in ("location", "files", "bytes", "digest")}
    reason = entry["reason"] or _why_kept(artifact, location) or _delete(location)
    return {**receipt, "absent": not reason, **({"reason": reason} if reason else {})}


def _why_kept(artifact: Artifact, location: str) -> str:
    """Say why a place may not be emptied; empty where it may be."""
    place = path_here(location)
    if place is not None and is_whole_folder_of_many(place):
        return "it is a whole folder of many things, never one artifact"
    return why_out_of_bounds(location) or why_shared(artifact, location)


def _delete(location: str) -> str:
    """Delete files and look again; returns why something stays, or an empty string.

    Raises:
        OSError: This machine does not let us delete them.
    """
    path = path_here(location)
    if path is not None:
        delete_here(path)
        return "there is something at this place again" if path.exists() else ""
    registry_deletion.delete_files(location)
    left = registry_deletion.files_left(location)
    return f"the tracking server still lists {left} files" if left else ""
