"""The folder of one attempt at a job: input with paths of this machine, output, nothing shared.

Every attempt has its own folder, so whatever a stalled attempt still writes is seen by nobody.
"""

import json
import os
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings

from lineage.graph import ArtifactKind
from unlearning import registry
from unlearning.jobs.lease import Lease

_MODELS = frozenset({ArtifactKind.CHECKPOINT, ArtifactKind.FINE_TUNE, ArtifactKind.EMBEDDING_INDEX})


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
        document["artifact"] = _with_files(document["artifact"], job_dir / "before", lease)
    else:
        document["steps"] = [
            _localised(step, job_dir / str(step["step_id"]), lease) for step in document["steps"]
        ]
    _write(job_dir / "input.json", document)
    return job_dir


def attempt_dir(job_id: UUID, token: int) -> Path:
    """Name the folder of one attempt."""
    return Path(settings.JOBS_DIR) / str(job_id) / str(token)


def _localised(step: dict[str, Any], to: Path, lease: Lease) -> dict[str, Any]:
    """Bring one step's artifact, before and after, to this machine for its verification."""
    artifact = _with_files(step["artifact"], to / "before", lease)
    after = dict(step["after"])
    moved = {"kind": artifact["kind"], "location": after.pop("location")}
    after["model_dir"] = _with_files(moved, to / "after", lease)["model_dir"]
    return {**step, "artifact": artifact, "after": after}


def _with_files(artifact: dict[str, Any], to: Path, lease: Lease) -> dict[str, Any]:
    """Add ``model_dir``: where the artifact's files lie on this machine, None for a product."""
    kind, location = artifact["kind"], artifact["location"]
    if kind == ArtifactKind.PRODUCT or not location:
        return {**artifact, "model_dir": None}
    if kind not in _MODELS:
        return {**artifact, "model_dir": location}
    lease.renew()
    to.mkdir(parents=True, exist_ok=True)
    return {**artifact, "model_dir": str(registry.download(location=location, to=to))}


def _write(path: Path, document: dict[str, Any]) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(document, file)
