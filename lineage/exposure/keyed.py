"""An order that follows from record ids and a seed alone, never from a row's position.

Removing one record leaves the relative order of every other record as it was. Replay equality (a
run that excludes a row equals a run on a file without it) rests on this.
"""

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

#: Constants of the SplitMix64 finaliser (Steele, Lea, Flood 2014, "Fast splittable pseudorandom
#: number generators").
_GOLDEN = 0x9E3779B97F4A7C15
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


def order_keys(record_ids: Sequence[str], *, seed: int) -> NDArray[np.uint64]:
    """Return one 64-bit key a record, the input of :func:`epoch_order`."""
    digests = (
        hashlib.blake2b(f"{seed}|order|{record_id}".encode(), digest_size=8).digest()
        for record_id in record_ids
    )
    return np.frombuffer(b"".join(digests), dtype="<u8").astype(np.uint64)


def epoch_order(keys: NDArray[np.uint64], *, epoch: int) -> NDArray[np.int64]:
    """Return the order in which one epoch visits the records.

    Args:
        keys: Keys of :func:`order_keys`, one a record, records sorted by id.
        epoch: The epoch, from 0.

    Returns:
        Indexes into ``keys``, shape ``(n,)``: a fresh order each epoch, in which any two records
        keep their relation whatever other records there are.
    """
    mixed = keys + np.uint64(_GOLDEN * (epoch + 1) % 2**64)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * _MIX_1
    mixed = (mixed ^ (mixed >> np.uint64(27))) * _MIX_2
    return np.argsort(mixed ^ (mixed >> np.uint64(31)), kind="stable")
