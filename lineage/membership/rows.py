"""Memberships as rows of PostgreSQL's binary COPY (PostgreSQL manual, COPY, "Binary Format")."""

import struct
from collections.abc import Iterable, Iterator

import numpy as np

from lineage.membership.grouping import DIGEST_SIZE, Digests, Grouped, Numbers

#: What stands before the rows of a COPY and behind them.
HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"
#: Type id of ``integer``, the element of the array of segments.
_INTEGER = 23
#: Words of four bytes in a row before the first segment, and bytes of an array before its elements.
_WORDS, _ARRAY = 13, 20
_PAIR = np.dtype(
    [("fields", ">i2"), ("a", ">i4"), ("digest", np.uint8, DIGEST_SIZE), ("b", ">i4"), ("n", ">i4")]
)


def posting_rows(grouped: Grouped, key_version: int) -> bytes:
    """Write one row a data subject: digest (uuid), key version (smallint), segments (integer[])."""
    counts = np.diff(grouped.starts)
    head = np.zeros((len(counts), _WORDS), dtype=">u4")
    written = head.view(np.uint8)
    written[:, 1] = 3  # fields
    written[:, 5] = DIGEST_SIZE
    written[:, 6 : 6 + DIGEST_SIZE] = grouped.digests
    written[:, 25] = 2  # bytes of a smallint
    written[:, 26:28] = np.frombuffer(struct.pack(">h", key_version), dtype=np.uint8)
    head[:, 7] = _ARRAY + 8 * counts
    head[:, 8] = 1  # dimensions; word 9 says that no element is null
    head[:, 10] = _INTEGER
    head[:, 11] = counts
    head[:, 12] = 1  # the first subscript
    sizes = _WORDS + 2 * counts
    begins = np.cumsum(sizes) - sizes
    words = np.empty(int(sizes.sum()), dtype=">u4")
    words[begins[:, None] + np.arange(_WORDS)] = head
    # Of each segment its length in bytes, then its number.
    places = np.repeat(begins + _WORDS - 2 * grouped.starts[:-1], counts)
    places += 2 * np.arange(len(grouped.segments))
    words[places] = 4
    words[places + 1] = grouped.segments
    return words.tobytes()


def pair_rows(digests: Digests, segments: Numbers) -> bytes:
    """Write one row a membership: digest (uuid) and segment (integer)."""
    rows = np.empty(len(segments), dtype=_PAIR)
    rows["fields"], rows["a"], rows["b"] = 2, DIGEST_SIZE, 4
    rows["digest"], rows["n"] = digests, segments
    return rows.tobytes()


def read_pairs(
    blocks: Iterable[bytes | memoryview], *, at_once: int = 1_000_000
) -> Iterator[tuple[Digests, Numbers]]:
    """Read what :func:`pair_rows` writes from a COPY, with its header and trailer.

    Args:
        blocks: Bytes of the COPY, cut anywhere.
        at_once: Rows given together.

    Raises:
        ValueError: The COPY ends amid a row.
    """
    waiting = bytearray()
    begun = False
    for block in blocks:
        waiting += block
        if not begun and len(waiting) >= len(HEADER):
            del waiting[: len(HEADER)]
            begun = True
        if len(waiting) > at_once * _PAIR.itemsize:
            yield _read(waiting)
    if len(waiting) >= _PAIR.itemsize:
        yield _read(waiting)
    if not begun or waiting != TRAILER:
        raise ValueError("The copy of the memberships ends amid a row.")


def _read(waiting: bytearray) -> tuple[Digests, Numbers]:
    """Take the whole rows out of a buffer."""
    whole = len(waiting) // _PAIR.itemsize * _PAIR.itemsize
    rows = np.frombuffer(bytes(waiting[:whole]), dtype=_PAIR)
    del waiting[:whole]
    return np.ascontiguousarray(rows["digest"]), rows["n"].astype(np.int32)
