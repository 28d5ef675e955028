"""New files take the place of old ones: rewritten segments, and whole datasets sampled anew.

Each file changes by one rename, so a reader sees the old file or the new one. Every directory is
looked at before the first file is written: what a pipeline wrote there since is not overwritten.
Every function may be called again after a crash at any line.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lineage.records import MalformedRecordsError, list_segments, version_digest
from lineage.selectors import synthesis_of
from lineage.services import record_redaction, record_regeneration
from unlearning.data import DESCRIPTION_FILE, possible_segments
from unlearning.errors import JobFailedError
from unlearning.jobs.descriptions import generator_of
from unlearning.jobs.lease import Lease
from unlearning.jobs.targets import require_known_files, require_unshared, segments_due, targets_of
from unlearning.models import PlanStep
from unlearning.places import delete_here, delete_unfinished, replace_file


def swap_segments(step: PlanStep, result: Mapping[str, Any], lease: Lease) -> dict[str, Any]:
    """Put the rewritten segment files in place of the old ones, in every copy of the dataset.

    Raises:
        JobFailedError: A place is not within reach, or nothing may be changed there.
        ResultOutdatedError: A place holds other rows than those that were rewritten.
        LeaseLostError: Somebody else holds the job now.
    """
    segments = result.get("details", {}).get("segments", [])
    directories = targets_of(step)
    due = [segments_due(directory, segments, step.plan.record_ids) for directory in directories]
    for directory, names in zip(directories, due, strict=True):
        _replace_all(names, Path(result["model_dir"] or ""), directory, lease)
    lease.renew(progress=0.95, message="segments replaced")
    redacted = record_redaction(dataset_version_id=step.artifact_id)
    # The digest lets readers outside recognise the version, should a later trace still find it.
    return {"artifact": redacted.pk, "location": redacted.location, "digest": redacted.digest}


def swap_dataset(step: PlanStep, result: Mapping[str, Any], lease: Lease) -> dict[str, Any]:
    """Put a whole new dataset in place of the old one, in every copy of it.

    Segments and the description that the new dataset does not have are deleted; whatever else lies
    there stays.

    Raises:
        JobFailedError: No dataset was left, a place is not within reach, nothing may be changed
            there, or the generator is not recorded any more.
        ResultOutdatedError: A place holds other rows than those that were to be replaced.
        LeaseLostError: Somebody else holds the job now.
    """
    synthesis = synthesis_of(step.artifact_id)
    if synthesis is None or not result.get("model_dir"):
        raise JobFailedError(f"There is no new dataset to put in place of {step.artifact.name}.")
    made = Path(result["model_dir"])
    directories = targets_of(step)
    require_unshared(step)
    for directory in directories:
        require_known_files(directory, made, result.get("details", {}).get("replaced"))
    for directory in directories:
        _replace_all(sorted(path.name for path in made.iterdir()), made, directory, lease)
        _delete_surplus(directory, made, lease)
        _require_digest(directory, str(result["digest"]))
        lease.renew(progress=0.95, message="dataset replaced")
    generator = generator_of(synthesis, step.plan)
    dataset = record_regeneration(dataset_id=step.artifact_id, generator_id=generator.pk)
    return {"artifact": dataset.pk, "location": dataset.location, "generator": generator.pk}


def _replace_all(names: Sequence[str], made: Path, directory: Path, lease: Lease) -> None:
    """Put files of the same names in place, and leave no unfinished copy of any attempt."""
    for name in names:
        lease.check()
        replace_file(made / name, directory / name)
    lease.check()
    delete_unfinished(directory)


def _delete_surplus(directory: Path, made: Path, lease: Lease) -> None:
    for path in sorted([*possible_segments(directory), directory / DESCRIPTION_FILE]):
        if not (made / path.name).exists():
            lease.check()
            delete_here(path)


def _require_digest(directory: Path, digest: str) -> None:
    try:
        found = version_digest(list_segments(directory))
    except MalformedRecordsError as error:
        raise JobFailedError(str(error)) from error
    if found != digest:
        raise JobFailedError(f"The files in {directory} are not the ones that were sampled.")
