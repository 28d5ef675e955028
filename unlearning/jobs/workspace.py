"""The folder of one attempt at a job: input with paths of this machine, output, nothing shared.

Every attempt has its own folder, so whatever a stalled attempt still writes is seen by nobody.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings

from lineage.graph import MODELS, ArtifactKind
from unlearning import registry, registry_deletion
from unlearning.data import local_path
from unlearning.forget_set import destroy_forget_set
from unlearning.jobs.lease import Lease
from unlearning.places import path_here, why_out_of_reach


def prepare(job_input: dict[str, Any], lease: Lease) -> Path:
    """Lay out the folder of this attempt.

    Args:
        job_input: What the job is asked to do.
        lease: The right to do it.

    Returns:
        The folder, with ``input.json`` in it.
    """
    job_dir = attempt_dir(lease.job_id, lease.token)
    (job_dir / "out").mkdir(parents=True, mode=0o700)
    document = {**job_input, "out": str(job_dir / "out")}
    if document["purpose"] == "step":
        document |= _own_files(document, job_dir / "before", lease)
    else:
        document["steps"] = [
            _localised(step, job_dir / str(step["step_id"]), lease) for step in document["steps"]
        ]
    _write(job_dir / "input.json", document)
    return job_dir


def attempt_dir(job_id: UUID, token: int) -> Path:
    """Name the folder of one attempt."""
    return Path(settings.JOBS_DIR) / str(job_id) / str(token)


def _own_files(document: dict[str, Any], to: Path, lease: Lease) -> dict[str, Any]:
    """Bring what a step works on to this machine."""
    artifact, method = document["artifact"], document["method"]
    if method == "artifact_destruction":
        places = [
            place(location, to / str(number), lease)
            for number, location in enumerate(document["locations"])
        ]
        return {"artifact": {**artifact, "model_dir": None, "places": places}}
    if method == "recipient_notice":
        # What lies at the recipient is not ours to open.
        return {"artifact": {**artifact, "model_dir": None, "copied": document["copied"]}}
    return {"artifact": _with_files(artifact, to, lease)} | _generator(document, to, lease)


def destroy_kept_records(job_input: Mapping[str, Any]) -> None:
    """Delete the copies of the forgotten rows that steps kept for their verification; repeatable.

    Raises:
        OSError: A copy cannot be deleted.
    """
    for step in job_input["steps"]:
        location = step["after"]["manifest"].get("forget_set")
        if location:
            destroy_forget_set(local_path(location))


def place(location: str, to: Path, lease: Lease) -> dict[str, Any]:
    """Say where the files of one location lie on this machine, or why they are out of reach.

    Args:
        location: URI of the files.
        to: Where to bring files to that the tracking server holds.
        lease: Renewed before a download.

    Returns:
        ``{"location", "path", "reason"}``; no path and no reason where there are no files.
    """
    reason = why_out_of_reach(location)
    path = None
    if not reason:
        lease.renew()
        path = path_here(location) or registry_deletion.fetch_files(location=location, to=to)
    return {"location": location, "path": str(path) if path else None, "reason": reason}


def _generator(document: dict[str, Any], to: Path, lease: Lease) -> dict[str, Any]:
    """Bring the model to this machine that a synthetic dataset is sampled from."""
    synthesis = document.get("synthesis")
    if not synthesis:
        return {}
    generator = {**synthesis["generator"], "kind": ArtifactKind.MODEL}
    found = _with_files(generator, to / "generator", lease)
    return {"synthesis": {**synthesis, "generator": found}}


def _localised(step: dict[str, Any], to: Path, lease: Lease) -> dict[str, Any]:
    """Bring one step's artifact, before and after, to this machine for its verification."""
    artifact = _with_files(step["artifact"], to / "before", lease)
    after = dict(step["after"])
    moved = {"kind": artifact["kind"], "location": after.pop("location")}
    after["model_dir"] = _with_files(moved, to / "after", lease)["model_dir"]
    return {**step, "artifact": artifact, "after": after, **_generator(step, to, lease)}


def _with_files(artifact: dict[str, Any], to: Path, lease: Lease) -> dict[str, Any]:
    """Add ``model_dir``: where the artifact's files lie on this machine, None for a product."""
    kind, location = artifact["kind"], artifact["location"]
    if kind == ArtifactKind.PRODUCT or not location:
        return {**artifact, "model_dir": None}
    if kind not in MODELS:
        return {**artifact, "model_dir": location}
    lease.renew()
    to.mkdir(parents=True, exist_ok=True)
    return {**artifact, "model_dir": str(registry.download(location=location, to=to))}


def _write(path: Path, document: dict[str, Any]) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(document, file)
