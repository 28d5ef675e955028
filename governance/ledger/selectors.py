"""Reads of the ledger: what happened, and the proof that it stands where it stands."""

from collections.abc import Iterator
from dataclasses import dataclass

from governance.ledger import merkle
from governance.ledger.fsck import Expected, Row, stands
from governance.ledger.services import committed_fields
from governance.models import LedgerEntry


@dataclass(frozen=True, kw_only=True)
class Inclusion:
    """Proof that one entry is a leaf of the tree with this size and root."""

    index: int
    size: int
    root: bytes
    #: Sibling hashes from the leaf upwards.
    proof: tuple[bytes, ...]
    leaf_hash: bytes


@dataclass(frozen=True, kw_only=True)
class Head:
    """The tree as it stands."""

    size: int
    root: bytes


def entries_about(reference: str) -> list[LedgerEntry]:
    """Every entry about one thing, oldest first."""
    return list(LedgerEntry.objects.filter(reference=reference).order_by("index"))


def head() -> Head:
    """Size and root of the whole tree."""
    leaves = leaf_hashes()
    return Head(size=len(leaves), root=merkle.root(leaves))


def inclusions_of(indexes: list[int]) -> list[Inclusion]:
    """Proofs for several entries, all against one reading of the tree.

    Raises:
        IndexError: One of them does not exist.
    """
    leaves = leaf_hashes()
    root = merkle.root(leaves)
    return [
        Inclusion(
            index=index,
            size=len(leaves),
            root=root,
            proof=tuple(merkle.inclusion_proof(index, leaves)),
            leaf_hash=leaves[index],
        )
        for index in indexes
    ]


def leaf_hashes() -> list[bytes]:
    """All leaf hashes in order."""
    rows = LedgerEntry.objects.order_by("index").values_list("leaf_hash", flat=True)
    return [bytes(row) for row in rows]


def rows() -> Iterator[Row]:
    """Every entry in order, read in one statement and held a few at a time; in a transaction."""
    for entry in LedgerEntry.objects.order_by("index").iterator(chunk_size=1000):
        yield _row(entry)


def is_held(wanted: Expected) -> bool:
    """Whether the ledger holds the entry that something rests on, unaltered."""
    entry = LedgerEntry.objects.filter(index=wanted.index).first()
    return entry is not None and stands(wanted, _row(entry))


def _row(entry: LedgerEntry) -> Row:
    return Row(
        index=entry.index,
        committed=committed_fields(entry),
        salt=bytes(entry.salt),
        leaf_hash=bytes(entry.leaf_hash),
    )
