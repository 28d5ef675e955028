"""Where a record goes and when it is seen, from its id and the seed alone.

Nothing here depends on the position of a row or on the presence of another row: removing one record
leaves the shard, the slice and the relative order of every other record as they were. Replay
equality (a run that excludes a row equals a run on a file without it) rests on this.
"""

import hashlib

# The order within an epoch is defined where first exposures are computed from it.
from lineage.exposure.keyed import epoch_order, order_keys

__all__ = ["derive_seed", "epoch_order", "order_keys", "shard_of", "slice_of"]


def derive_seed(seed: int, *parts: object) -> int:
    """Derive an independent 63-bit seed for one purpose, e.g. ``derive_seed(7, "init", 2)``."""
    text = "|".join([str(seed), *(str(part) for part in parts)])
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest()) >> 1


def shard_of(record_id: str, *, n_shards: int, seed: int) -> int:
    """Return the shard that a record belongs to."""
    return derive_seed(seed, "shard", record_id) % n_shards


def slice_of(record_id: str, *, n_slices: int, seed: int) -> int:
    """Return the slice of its shard that a record belongs to."""
    return derive_seed(seed, "slice", record_id) % n_slices
