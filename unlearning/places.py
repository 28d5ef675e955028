"""Where files can be deleted from here: directories of this machine and the tracking server."""

import os
import shutil
from pathlib import Path
from urllib.parse import unquote, urlsplit

#: Scheme of files that the tracking server holds and hands out by itself.
_SERVED = "mlflow-artifacts"
#: How the name of a file ends that is not in its place yet; it starts with a dot.
_UNFINISHED = ".vestige-new"


def path_here(location: str) -> Path | None:
    """Turn a path or ``file:`` URI of this machine into a path; None for anything else.

    >>> path_here("file:///data/cache").as_posix()
    '/data/cache'
    >>> path_here("file://elsewhere/data/cache") is None
    True
    """
    parts = urlsplit(location)
    if parts.scheme == "file" and parts.netloc in ("", "localhost"):
        return Path(unquote(parts.path))
    return Path(location) if location.startswith("/") else None


def is_served(location: str) -> bool:
    """Whether the tracking server holds the files."""
    return urlsplit(location).scheme == _SERVED


def why_out_of_reach(location: str) -> str:
    """Say why nothing can be deleted at a location; empty where it can be."""
    if path_here(location) is not None or is_served(location):
        return ""
    parts = urlsplit(location)
    if parts.scheme == "file":
        return f"it lies on another machine, {parts.netloc}"
    return f"files at a {parts.scheme or 'nameless'} location cannot be deleted from here"


def delete_here(path: Path) -> None:
    """Unlink a file or a directory with all that is in it, and flush every directory touched.

    A path that is gone already stays gone. Links are unlinked, not followed.

    Raises:
        OSError: Something cannot be deleted.
    """
    if path.is_dir() and not path.is_symlink():
        for folder, folders, files in os.walk(path, topdown=False, onerror=fail):
            here = Path(folder)
            links = [name for name in folders if (here / name).is_symlink()]
            for name in [*files, *links]:
                (here / name).unlink(missing_ok=True)
            flush_directory(here)
            here.rmdir()
    else:
        path.unlink(missing_ok=True)
    if path.parent.is_dir():
        flush_directory(path.parent)


def fail(error: OSError) -> None:
    """Let ``os.walk`` stop at a folder that it cannot list; by itself it would pass over it.

    Raises:
        OSError: Always.
    """
    raise error


def replace_file(source: Path, target: Path) -> None:
    """Copy beside the target, flush, rename: a reader sees the old file or the new one.

    The copy has one name a target, so that what a kill leaves of it is overwritten by the next
    attempt, and found by :func:`delete_unfinished`.

    Raises:
        OSError: The file cannot be written.
    """
    beside = target.with_name(f".{target.name}{_UNFINISHED}")
    beside.unlink(missing_ok=True)
    with source.open("rb") as old, beside.open("xb") as new:
        shutil.copyfileobj(old, new)
        new.flush()
        os.fsync(new.fileno())
    beside.replace(target)
    flush_directory(target.parent)


def delete_unfinished(directory: Path) -> None:
    """Delete what a killed :func:`replace_file` left in a directory.

    Raises:
        OSError: A file cannot be deleted.
    """
    for left in directory.glob(f".*{_UNFINISHED}"):
        delete_here(left)


def flush_directory(directory: Path) -> None:
    """Make changes of a directory's entries outlive a power cut (``fsync(2)``)."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
