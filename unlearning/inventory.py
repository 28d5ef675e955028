"""What lies at a place before it is destroyed: the body of a receipt."""

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from unlearning.digests import file_digest, json_digest
from unlearning.places import fail


class LinkedFilesError(Exception):
    """The place holds a link; what it points to would outlive the destruction."""


class UnreadablePlaceError(Exception):
    """The files at a place cannot be read here, so nobody can say what is destroyed."""


@dataclass(frozen=True, kw_only=True)
class Inventory:
    """The files at one place."""

    files: int
    bytes: int
    #: Over the names and digests of the files, ``sha256:<hex>``; empty where there is none.
    digest: str

    def to_json(self) -> dict[str, object]:
        """Return the JSON of this inventory."""
        return asdict(self)


NOTHING = Inventory(files=0, bytes=0, digest="")


def describe_place(place: Mapping[str, object]) -> dict[str, object]:
    """Say what lies at one recorded location.

    Args:
        place: ``location``; the ``path`` of its files on this machine, empty where there are none;
            ``reason`` why they are out of reach, or empty.

    Returns:
        ``{"location", "files", "bytes", "digest", "reason"}``; ``reason`` says why the files cannot
        be destroyed, or is empty.

    Raises:
        UnreadablePlaceError: A file cannot be read, which a person can put right.
    """
    found, reason = NOTHING, str(place.get("reason") or "")
    if place.get("path") and not reason:
        try:
            found = take_inventory(Path(str(place["path"])))
        except LinkedFilesError as error:
            reason = str(error)
        except OSError as error:
            raise UnreadablePlaceError(
                f"What lies at {place['location']} cannot be read ({error.strerror or error}): "
                "let the workers read and delete it, then resume."
            ) from error
    return {"location": str(place["location"]), **found.to_json(), "reason": reason}


def take_inventory(place: Path) -> Inventory:
    """Count, measure and digest the files at a place; a place that is not there holds nothing.

    Raises:
        LinkedFilesError: The place is a link or holds one.
        OSError: A file cannot be read.
    """
    if place.is_symlink():
        raise LinkedFilesError(f"{place.name} is a link to files elsewhere")
    files = [place] if place.is_file() else _files_below(place)
    if not files:
        return NOTHING
    listed = [[file.relative_to(place).as_posix(), file_digest(file)] for file in files]
    return Inventory(
        files=len(files),
        bytes=sum(file.stat().st_size for file in files),
        digest=json_digest(listed),
    )


def _files_below(place: Path) -> list[Path]:
    if not place.exists():
        return []
    found = []
    for folder, folders, files in os.walk(place, onerror=fail):
        for name in (*folders, *files):
            path = Path(folder) / name
            if path.is_symlink():
                raise LinkedFilesError(f"{name} in {place.name} is a link to files elsewhere")
        found += [Path(folder) / name for name in files]
    return sorted(found)
