"""Memberships in any number, given back in the order of their digests.

Up to :data:`IN_MEMORY` of them stay in memory. More are dealt out over unnamed temporary files by
the first bits of the digest, which keyed hashing spreads evenly, and each file is sorted by itself.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from tempfile import TemporaryFile
from types import TracebackType
from typing import IO, Self

import numpy as np
from numpy.typing import NDArray

from lineage.membership.grouping import DIGEST_SIZE, Digests, Grouped, Numbers, group

#: Memberships that are sorted in memory, at about 100 bytes each.
IN_MEMORY = 4_000_000
#: Files that more of them are dealt out over; a power of two.
FILES = 64
_ROW = np.dtype([("digest", np.uint8, DIGEST_SIZE), ("segment", np.int32)])


class Spool:
    """Takes memberships in any order; its files are gone when the context ends."""

    def __init__(self, *, in_memory: int = IN_MEMORY) -> None:
        """Begin empty.

        Args:
            in_memory: How many memberships may wait in memory.
        """
        self._in_memory = in_memory
        self._waiting: list[NDArray[np.void]] = []
        self._held = 0
        self._files: list[IO[bytes]] = []
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def add(self, digests: Digests, segments: Numbers) -> None:
        """Take memberships in; row ``i`` of the digests belongs to ``segments[i]``."""
        rows = np.empty(len(segments), dtype=_ROW)
        rows["digest"], rows["segment"] = digests, segments
        self._waiting.append(rows)
        self._held += len(rows)
        if self._held > self._in_memory:
            self._spill()

    def grouped(self) -> Iterator[Grouped]:
        """Give everything back, in parts that follow each other; each subject is in one part."""
        if not self._files:
            yield from self._group(np.concatenate([np.empty(0, dtype=_ROW), *self._waiting]))
            return
        self._spill()
        for file in self._files:
            file.seek(0)
            yield from self._group(np.fromfile(file, dtype=_ROW))

    def _group(self, rows: NDArray[np.void]) -> Iterator[Grouped]:
        if len(rows):
            yield group(rows["digest"], rows["segment"])

    def _spill(self) -> None:
        if not self._files:
            with ExitStack() as stack:
                self._files = [stack.enter_context(TemporaryFile()) for _ in range(FILES)]
                self._stack = stack.pop_all()
        for rows in self._waiting:
            file_of = rows["digest"][:, 0] // np.uint8(256 // FILES)
            order = np.argsort(file_of, kind="stable")
            cuts = np.searchsorted(file_of[order], np.arange(FILES + 1))
            sorted_rows = rows[order]
            for number, file in enumerate(self._files):
                sorted_rows[cuts[number] : cuts[number + 1]].tofile(file)
        self._waiting, self._held = [], 0
