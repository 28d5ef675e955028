"""New files take the place of old ones: rewritten segments, and whole datasets sampled anew.

Each file changes by one rename, so a reader sees the old file or the new one. Every function may be
called again after a crash at any line.
"""

import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lineage.models import Artifact
from lineage.records import MalformedRecordsError, list_segments, version_digest
from lineage.selectors import locations_of, synthesis_of
from lineage.services import record_redaction, record_regeneration
from unlearning.digests import file_digest
from unlearning.errors import JobFailedError
from unlearning.jobs.descriptions import generator_of
from unlearning.jobs.lease import Lease
from unlearning.models import PlanStep
from unlearning.places import delete_here, flush_directory, path_here


def swap_segments(step: PlanStep, result: Mapping[str, Any], lease: Lease) -> dict[str, Any]:
    """Put the rewritten segment files in place of the old ones, in every copy of the dataset.

    Raises:
        JobFailedError: A copy is not within reach, or does not hold the same rows.
        LeaseLostError: Somebody else holds the job now.
    """
    changed = Path(result["model_dir"]) if result.get("model_dir") else None
    sources = sorted(changed.iterdir()) if changed else []
    own, *copies = _directories(step.artifact)
    segments = result.get("details", {}).get("segments", [])
    for copy in copies:
        _require_same_rows(copy, segments)
    for directory in (own, *copies):
        for source in sources:
            lease.check()
            _replace(source, directory / source.name)
    lease.renew(progress=0.95, message="segments replaced")
    redacted = record_redaction(dataset_version_id=step.artifact_id)
    return {"artifact": redacted.pk, "location": redacted.location}


def swap_dataset(step: PlanStep, result: Mapping[str, Any], lease: Lease) -> dict[str, Any]:
    """Put a whole new dataset in place of the old one, in every copy of it.

    Files that the new dataset does not have are deleted.

    Raises:
        JobFailedError: No dataset was left, a copy is not within reach, or the generator is not
            recorded any more.
        LeaseLostError: Somebody else holds the job now.
    """
    synthesis = synthesis_of(step.artifact_id)
    if synthesis is None or not result.get("model_dir"):
        raise JobFailedError(f"There is no new dataset to put in place of {step.artifact.name}.")
    made = Path(result["model_dir"])
    for directory in _directories(step.artifact):
        for source in sorted(made.iterdir()):
            lease.check()
            _replace(source, directory / source.name)
        for path in sorted(directory.iterdir()):
            if not (made / path.name).exists():
                lease.check()
                delete_here(path)
        _require_digest(directory, str(result["digest"]))
        lease.renew(progress=0.95, message="dataset replaced")
    generator = generator_of(synthesis, step.plan)
    dataset = record_regeneration(dataset_id=step.artifact_id, generator_id=generator.pk)
    return {"artifact": dataset.pk, "location": dataset.location, "generator": generator.pk}


def _directories(artifact: Artifact) -> list[Path]:
    """The directories of a dataset and of its copies, its own first.

    Raises:
        JobFailedError: One of them is not on this machine.
    """
    found = []
    for location in locations_of(artifact.pk):
        path = path_here(location)
        if path is None or not path.is_dir():
            raise JobFailedError(
                f"{artifact.name} also lies at {location}, where its files cannot be replaced."
            )
        found.append(path)
    if not found:
        raise JobFailedError(f"No location of {artifact.name} is recorded.")
    return found


def _require_same_rows(copy: Path, segments: list[Mapping[str, str]]) -> None:
    """Make sure that replacing the segments of a copy loses no row of anybody else.

    Raises:
        JobFailedError: A segment of the copy is missing or holds other rows.
    """
    for segment in segments:
        file = copy / segment["file"]
        known = (segment["old_digest"], segment["new_digest"])
        if not file.is_file() or file_digest(file) not in known:
            raise JobFailedError(
                f"The copy at {copy} does not hold the rows of {segment['file']}; a person must "
                "delete the records there."
            )


def _require_digest(directory: Path, digest: str) -> None:
    try:
        found = version_digest(list_segments(directory))
    except MalformedRecordsError as error:
        raise JobFailedError(str(error)) from error
    if found != digest:
        raise JobFailedError(f"The files in {directory} are not the ones that were sampled.")


def _replace(source: Path, target: Path) -> None:
    """Copy beside the target, flush, rename: a reader sees the old file or the new one."""
    beside = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    shutil.copyfile(source, beside)
    with beside.open("rb+") as file:
        os.fsync(file.fileno())
    beside.replace(target)
    flush_directory(target.parent)
