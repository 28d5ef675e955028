"""The memberships of a moment as sorted arrays in files that are mapped into memory.

Four files: the first and the last eight bytes of each digest as rising numbers, where the segments
of each subject begin, and the segments. A look-up is a binary search over the first eight bytes;
then all sixteen are compared.
"""

import json
import os
import shutil
import struct
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from lineage.membership.grouping import Grouped, Numbers, words_of

_FORMAT = 1
_ABOUT = "about.json"
_COLUMNS: dict[str, np.dtype[Any]] = {
    "first": np.dtype("<u8"),
    "last": np.dtype("<u8"),
    "starts": np.dtype("<u8"),
    "segments": np.dtype("<i4"),
}
_NOTHING: Numbers = np.empty(0, dtype=np.int32)


class UnfitIndexError(Exception):
    """A folder holds no whole file index that this version can read; build it anew."""


class FileIndex:
    """An index in a folder; answers from mapped files, so that processes share the memory."""

    def __init__(self, folder: Path) -> None:
        """Open the index in a folder.

        Raises:
            UnfitIndexError: It is not there, not whole, or of another format.
        """
        try:
            about = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
            columns = {name: _mapped(folder / name, kind) for name, kind in _COLUMNS.items()}
        except (OSError, ValueError) as error:
            raise UnfitIndexError(f"{folder} holds no whole file index: {error}.") from error
        self._first, self._last, self._starts, self._segments = columns.values()
        subjects = len(self._first)
        sizes = [subjects, subjects, subjects + 1, int(self._starts[-1])]
        if about.get("format") != _FORMAT or sizes != [len(each) for each in columns.values()]:
            raise UnfitIndexError(
                f"{folder} holds a file index of another format, or a part of it."
            )

    @property
    def subjects(self) -> int:
        """How many data subjects it knows."""
        return len(self._first)

    @property
    def memberships(self) -> int:
        """How many segments it holds of all of them together."""
        return len(self._segments)

    @property
    def nbytes(self) -> int:
        """Bytes of its files."""
        columns = (self._first, self._last, self._starts, self._segments)
        return sum(column.nbytes for column in columns)

    def look_up(self, digest: bytes) -> Numbers:
        """Find the segments of a data subject; see :class:`lineage.membership.index`."""
        first, last = struct.unpack(">QQ", digest)
        at = int(self._first.searchsorted(np.uint64(first)))
        while at < len(self._first) and int(self._first[at]) == first:
            if int(self._last[at]) == last:
                return self._segments[int(self._starts[at]) : int(self._starts[at + 1])]
            at += 1
        return _NOTHING


def write_file_index(folder: Path, parts: Iterable[Grouped]) -> FileIndex:
    """Write an index; a folder that is there by its name is whole.

    Args:
        folder: To be made; one that is there already is replaced.
        parts: Memberships that follow each other in the order of their digests.
    """
    draft = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700, parents=True)
    with ExitStack() as stack:
        files = {name: stack.enter_context((draft / name).open("wb")) for name in _COLUMNS}
        _write_columns(files, parts)
        for file in files.values():
            file.flush()
            os.fsync(file.fileno())
    (draft / _ABOUT).write_text(json.dumps({"format": _FORMAT}), encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    draft.rename(folder)
    return FileIndex(folder)


def _write_columns(files: Mapping[str, IO[bytes]], parts: Iterable[Grouped]) -> None:
    total = 0
    for part in parts:
        first, last = words_of(part.digests)
        columns: dict[str, NDArray[Any]] = {
            "first": first,
            "last": last,
            "starts": part.starts[:-1] + total,
            "segments": part.segments,
        }
        for name, values in columns.items():
            values.astype(_COLUMNS[name]).tofile(files[name])
        total += len(part.segments)
    np.array([total], dtype=_COLUMNS["starts"]).tofile(files["starts"])


def _mapped(path: Path, kind: np.dtype[Any]) -> NDArray[Any]:
    """Map a file; an empty one cannot be mapped."""
    if path.stat().st_size == 0:
        return np.empty(0, dtype=kind)
    # A plain array over the mapping: numpy's own class for mapped files is slower to index.
    return np.asarray(np.memmap(path, dtype=kind, mode="r"))
