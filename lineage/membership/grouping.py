"""Memberships by data subject, in the order of their digests."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: uint8[n, 16], one digest a row.
Digests = NDArray[np.uint8]
#: int32[n], segments by the id of their artifact.
Numbers = NDArray[np.int32]
DIGEST_SIZE = 16
#: Last number that a segment may have: postings keep them in four bytes.
LAST_SEGMENT = 2**31 - 1


@dataclass(frozen=True, kw_only=True, eq=False)
class Grouped:
    """Each data subject once, with their segments; nothing stands twice."""

    #: uint8[s, 16], rising.
    digests: Digests
    #: int64[s + 1]: the segments of subject ``i`` are ``segments[starts[i]:starts[i + 1]]``.
    starts: NDArray[np.int64]
    #: int32[n], rising within a subject.
    segments: Numbers


def words_of(digests: Digests) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """The first and the last eight bytes of digests, as numbers that sort as the bytes do."""
    words = np.ascontiguousarray(digests).view(">u8")
    return words[:, 0].astype(np.uint64), words[:, 1].astype(np.uint64)


def group(digests: Digests, segments: Numbers) -> Grouped:
    """Bring memberships in order and drop repetitions.

    >>> two = np.array([[2] * 16, [1] * 16, [2] * 16], dtype=np.uint8)
    >>> found = group(two, np.array([7, 9, 5], dtype=np.int32))
    >>> found.starts.tolist(), found.segments.tolist()
    ([0, 1, 3], [9, 5, 7])
    """
    first, last = words_of(digests)
    order = np.argsort(first)
    own, rest = first[order], last[order]
    if np.any((own[1:] == own[:-1]) & (rest[1:] != rest[:-1])):
        # Two people whose digests begin alike: chance hardly ever brings it about, a test does.
        order = np.lexsort((last, first))
        own, rest = first[order], last[order]
    new = _changes(own) | _changes(rest)
    # Sorting plain numbers is far quicker than sorting the segments of each subject apart.
    subject = (np.cumsum(new) - 1).astype(np.uint64) << np.uint64(32)
    keys = subject | segments[order].astype(np.uint64)
    keys.sort()
    keys = keys[_changes(keys)]
    begins = np.flatnonzero(_changes(keys >> np.uint64(32)))
    return Grouped(
        digests=digests[order[new]],
        starts=np.append(begins, len(keys)).astype(np.int64),
        segments=(keys & np.uint64(0xFFFFFFFF)).astype(np.int32),
    )


def _changes(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Where a value differs from the one before it; the first one always does."""
    new = np.ones(len(values), dtype=np.bool_)
    np.not_equal(values[1:], values[:-1], out=new[1:])
    return new
