"""The directories that new files go to, and whether they still hold what the files were made for.

Everything here is asked before the first file is written.
"""

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from unlearning.data import (
    DESCRIPTION_FILE,
    DatasetError,
    possible_segments,
    read_description,
    read_rows,
)
from unlearning.digests import file_digest
from unlearning.errors import JobFailedError, ResultOutdatedError
from unlearning.jobs.guards import unapproved_places, why_out_of_bounds, why_shared
from unlearning.models import PlanStep
from unlearning.places import path_here


def targets_of(step: PlanStep) -> list[Path]:
    """The directories of a step's dataset and of its copies, its own first.

    Raises:
        JobFailedError: One of them was not approved with the plan, is not on this machine, is a
            link or holds one in place of a segment, or is out of bounds.
    """
    found = []
    for location in unapproved_places(step):
        raise _not_replaced(
            step,
            location,
            "it was recorded after the plan was approved; see to the files there, record the "
            "dataset without that place, and resume",
        )
    for location in step.places:
        path = path_here(location)
        if path is None or not path.is_dir():
            raise _not_replaced(step, location, "it is no directory of this machine")
        if reason := why_out_of_bounds(location) or _linked(path):
            raise _not_replaced(step, location, reason)
        found.append(path)
    if not found:
        raise JobFailedError(f"No location of {step.artifact.name} is recorded.")
    return found


def require_unshared(step: PlanStep) -> None:
    """Make sure that no other artifact loses its files to a whole new dataset.

    Raises:
        JobFailedError: Another artifact lies at or below one of the places.
    """
    for location in step.places:
        if reason := why_shared(step.artifact, location):
            raise _not_replaced(step, location, reason)


def segments_due(
    directory: Path, segments: Iterable[Mapping[str, str]], record_ids: Collection[str]
) -> list[str]:
    """Name the segments of a directory that are to be replaced.

    Where somebody rewrote a segment meanwhile it stays, as long as none of the records is there.

    Args:
        directory: The dataset or a copy of it.
        segments: ``{"file", "old_digest", "new_digest"}`` of each segment that was rewritten.
        record_ids: The forget set.

    Raises:
        ResultOutdatedError: A segment is missing or holds other rows, and a record is left.
    """
    due, strange = [], []
    for segment in segments:
        file = directory / segment["file"]
        found = file_digest(file) if file.is_file() else ""
        if found == segment["old_digest"]:
            due.append(file.name)
        elif found != segment["new_digest"]:
            strange.append(file.name)
    others = [file for file in possible_segments(directory) if file.name not in due]
    if strange and any(_may_hold(file, record_ids) for file in others):
        raise ResultOutdatedError(
            f"The files in {directory} do not hold the rows of {', '.join(strange)} that were "
            "rewritten; where it is a copy that differs, a person must delete the records there."
        )
    return due


def require_known_files(directory: Path, made: Path, replaced: Mapping[str, str] | None) -> None:
    """Make sure that a new dataset takes the place of the old one and of nothing else.

    Args:
        directory: The dataset or a copy of it.
        made: The new dataset.
        replaced: Digests of the old segments by name; None where none were kept.

    Raises:
        ResultOutdatedError: A segment there is neither an old one nor a new one.
    """
    for file in possible_segments(directory):
        new = made / file.name
        known = {(replaced or {}).get(file.name), file_digest(new) if new.is_file() else None}
        if file_digest(file) not in known:
            raise ResultOutdatedError(
                f"{file.name} in {directory} is not the one that was to be replaced; where it is a "
                "copy that differs, a person must replace it."
            )


def _may_hold(file: Path, record_ids: Collection[str]) -> bool:
    """Whether a segment holds one of the records, or cannot be read."""
    try:
        column = read_description(file.parent).record_id_column
        return any(row.get(column) in {None, *record_ids} for row in read_rows(file))
    except (DatasetError, UnicodeDecodeError):
        return True


def _linked(directory: Path) -> str:
    """Say what is a link to files elsewhere, which would keep the old rows; empty for nothing."""
    paths = [directory, *possible_segments(directory), directory / DESCRIPTION_FILE]
    links = [path.name for path in paths if path.is_symlink()]
    return f"{links[0]} is a link to files elsewhere" if links else ""


def _not_replaced(step: PlanStep, location: str, reason: str) -> JobFailedError:
    return JobFailedError(
        f"{step.artifact.name} also lies at {location}, where its files cannot be replaced: "
        f"{reason}."
    )
