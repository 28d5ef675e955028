"""Merkle tree of RFC 6962, section 2.1: one hash commits to a whole ordered list.

Symbols follow the RFC: D[n] is the list of leaves, MTH its root, PATH(m, D[n]) the audit path of
leaf m. Hashes are 32 bytes of SHA-256; leaves and inner nodes are hashed with different prefixes,
so that no leaf can be passed off as a node. What this does *not* guarantee: that the list was
never rewritten before somebody outside kept a root.
"""

import hashlib
from collections.abc import Sequence

HASH_SIZE = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """Hash one entry: SHA-256(0x00 ‖ data).

    >>> leaf_hash(b"").hex()[:16]
    '6e340b9cffb37a98'
    """
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two subtrees: SHA-256(0x01 ‖ left ‖ right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """Root over leaf hashes, MTH(D[n]).

    Args:
        leaves: Leaf hashes in order, 32 bytes each.
    """
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    split = _split(len(leaves))
    return node_hash(root(leaves[:split]), root(leaves[split:]))


class RunningRoot:
    """Root over a list that is met leaf by leaf, in memory that grows with its logarithm.

    Kept are the roots of the perfect subtrees that the list so far falls into, largest first.

    >>> running = RunningRoot()
    >>> running.root() == EMPTY_ROOT
    True
    """

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[bytes] = []

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash at the end."""
        self._peaks.append(leaf)
        merged = self.size
        while merged & 1:
            right, left = self._peaks.pop(), self._peaks.pop()
            self._peaks.append(node_hash(left, right))
            merged >>= 1
        self.size += 1

    def root(self) -> bytes:
        """Root over the leaves so far, MTH(D[size])."""
        if not self._peaks:
            return EMPTY_ROOT
        computed = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            computed = node_hash(peak, computed)
        return computed


def inclusion_proof(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """Audit path of one leaf, PATH(index, D[n]), from the leaf upwards.

    Args:
        index: Position of the leaf, from 0.
        leaves: All leaf hashes in order.

    Raises:
        IndexError: There is no such leaf.
    """
    if not 0 <= index < len(leaves):
        raise IndexError(f"leaf {index} is outside a tree of {len(leaves)}")
    if len(leaves) == 1:
        return []
    split = _split(len(leaves))
    if index < split:
        return [*inclusion_proof(index, leaves[:split]), root(leaves[split:])]
    return [*inclusion_proof(index - split, leaves[split:]), root(leaves[:split])]


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], expected_root: bytes
) -> bool:
    """Whether the proof shows the leaf at ``index`` of the tree with that size and root.

    The walk is that of RFC 9162, section 2.1.3.2. Wrong lengths are a plain False.

    Args:
        leaf: Leaf hash, 32 bytes.
        index: Claimed position, from 0.
        size: Claimed number of leaves.
        proof: Sibling hashes from the leaf upwards.
        expected_root: Root of the tree, 32 bytes.
    """
    if not 0 <= index < size or any(len(part) != HASH_SIZE for part in (leaf, *proof)):
        return False
    position, last, computed = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if position & 1 or position == last:
            computed = node_hash(sibling, computed)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            computed = node_hash(computed, sibling)
        position, last = position >> 1, last >> 1
    return last == 0 and computed == expected_root


def root_before(proof: Sequence[bytes]) -> bytes:
    """Root over all leaves but the last, from the last leaf's audit path.

    That path holds the roots of the perfect subtrees that the leaves before it fall into, smallest
    first. It says nothing unless the path was verified for the last leaf.

    >>> leaves = [leaf_hash(bytes([n])) for n in range(7)]
    >>> root_before(inclusion_proof(6, leaves)) == root(leaves[:6])
    True
    """
    if not proof:
        return EMPTY_ROOT
    computed = proof[0]
    for peak in proof[1:]:
        computed = node_hash(peak, computed)
    return computed


def _split(size: int) -> int:
    """Largest power of two smaller than ``size`` (size > 1)."""
    return 1 << ((size - 1).bit_length() - 1)
