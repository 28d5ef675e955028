"""The ledger page by page, for people who read it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from governance.ledger import selectors
from governance.models import LedgerEntry
from governance.paging import Slice, slice_of


@dataclass(frozen=True, kw_only=True)
class EntryView:
    """One entry; its salt is not shown, or its leaf could be recomputed by guessing."""

    index: int
    recorded_at: datetime
    kind: str
    actor: str
    reference: str
    payload: Mapping[str, Any]
    leaf_hash: str


def entries(*, references: tuple[str, ...] | None, page: str) -> Slice[EntryView]:
    """List entries, the newest first.

    Args:
        references: Only entries about these things; None lists everything.
        page: Number of the page as it stands in the address.
    """
    rows = LedgerEntry.objects.order_by("-index")
    if references is not None:
        rows = rows.filter(reference__in=references)
    return slice_of(rows, _view, number=page)


def head_hex() -> tuple[int, str]:
    """Size of the whole tree, and its root in hex."""
    head = selectors.head()
    return head.size, head.root.hex()


def _view(entry: LedgerEntry) -> EntryView:
    return EntryView(
        index=entry.index,
        recorded_at=entry.recorded_at,
        kind=entry.kind,
        actor=entry.actor,
        reference=entry.reference,
        payload=entry.payload,
        leaf_hash=bytes(entry.leaf_hash).hex(),
    )
