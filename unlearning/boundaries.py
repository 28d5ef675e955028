"""Where no deletion request may change a file, whatever was recorded to lie there.

A location is whatever a pipeline sent. It may be wrong, and the key that sent it may be stolen; so
what Vestige and the machine themselves live on is out of bounds.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

#: Folders of the operating system. Some keep data below them too; VESTIGE_DATA_ROOTS says where.
SYSTEM_FOLDERS = tuple(
    Path("/", name)
    for name in (
        *("bin", "boot", "dev", "etc", "lib", "lib32", "lib64", "proc", "run", "sbin"),
        *("sys", "usr", "var/lib", "var/log", "var/mail", "var/spool"),
    )
)
#: Folders whose entries are the homes of people.
_HOMES = (Path("/home"), Path("/Users"))
#: Path parts of a folder at the top of the file system: the root and a name.
_TOP = 2


@dataclass(frozen=True, kw_only=True)
class Boundaries:
    """What is out of bounds, and what is data all the same."""

    #: Files and folders of this installation: neither they, nor what is in them or holds them.
    private: tuple[Path, ...]
    #: Folders of data; one that lies inside a folder out of bounds is in bounds.
    data: tuple[Path, ...] = ()
    #: Whether nothing outside the folders of data may be changed.
    data_only: bool = False

    def why_out(self, place: Path) -> str:
        """Say why nothing at a place may be changed; empty where it may be.

        Args:
            place: An absolute path. Links on the way to it are followed first.
        """
        real = place.resolve()
        if any(self._meets(real, private) for private in self.private):
            return "this installation lies there too"
        if any(self._meets(real, folder) for folder in SYSTEM_FOLDERS):
            return (
                "it is a folder of the operating system; where data lies in it, name the data's "
                "folder in VESTIGE_DATA_ROOTS"
            )
        if self.data_only and not _lies_in_one(real, self.data):
            return "it lies outside the folders that VESTIGE_DATA_ROOTS names"
        return ""

    def _meets(self, real: Path, own: Path) -> bool:
        """Whether a place holds, or lies in, something out of bounds."""
        own = own.resolve()
        if own.is_relative_to(real):
            return True
        inner = [folder for folder in self.data if own in folder.resolve().parents]
        return real.is_relative_to(own) and not _lies_in_one(real, inner)


def is_whole_folder_of_many(place: Path) -> bool:
    """Whether a place is a folder that people keep all kinds of things in, never one artifact.

    >>> [is_whole_folder_of_many(Path(name)) for name in ("/data", "/home/ann", "/data/cache")]
    [True, True, False]
    """
    real = place.resolve()
    return len(real.parts) <= _TOP or real.parent in _HOMES or real == Path.home()


def _lies_in_one(real: Path, folders: Iterable[Path]) -> bool:
    return any(real.is_relative_to(folder.resolve()) for folder in folders)
