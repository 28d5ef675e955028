"""Discards what the jobs of a finished case left on this machine."""

import shutil
from collections.abc import Collection
from pathlib import Path
from uuid import UUID

from django.conf import settings

from unlearning.models import Job


def discard_workspaces(*, case_id: UUID) -> int:
    """Delete the folders of every job of a case; repeating this is harmless.

    They hold record ids, copies of the forgotten rows and the artifacts as they were before.
    Blocks of the file system that are not used again yet are not overwritten.

    Args:
        case_id: A case that has ended; all its plans are looked at.

    Returns:
        How many folders were deleted.

    Raises:
        OSError: A folder cannot be deleted.
    """
    folders = [
        _folder(job_id)
        for job_id in Job.objects.filter(plan__case_id=case_id).values_list("pk", flat=True)
    ]
    present = [folder for folder in folders if folder.is_dir()]
    for folder in present:
        shutil.rmtree(folder)
    return len(present)


def cases_with_workspaces() -> Collection[UUID]:
    """Name the cases whose jobs have a folder on this machine."""
    root = Path(settings.JOBS_DIR)
    names = [path.name for path in root.iterdir()] if root.is_dir() else []
    jobs = [UUID(name) for name in names if _is_job(name)]
    return set(Job.objects.filter(pk__in=jobs).values_list("plan__case_id", flat=True))


def _folder(job_id: UUID) -> Path:
    return Path(settings.JOBS_DIR) / str(job_id)


def _is_job(name: str) -> bool:
    try:
        return str(UUID(name)) == name
    except ValueError:
        return False
