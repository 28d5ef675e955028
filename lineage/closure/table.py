"""Links in rows: 8 bytes each, a target and a label.

A label holds the relation, whether the link has ended, and the number of the moment at which it
was recorded; the few ended links tell their end in a list of their own.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lineage.closure.kernels import (
    ENDED_BIT,
    MOMENT_SHIFT,
    NOW,
    RELATION_BITS,
    Ids,
    Moment,
    Numbers,
    Rows,
)
from lineage.closure.links import NEVER
from lineage.closure.ordering import grouped

Labels = NDArray[np.uint32]
#: So many links lie in one table at most.
MOST_LINKS = (1 << 32) - 1


@dataclass(frozen=True, kw_only=True, eq=False)
class LinkTable:
    """Links, grouped into rows by the node that they lead from."""

    rows: Rows

    @classmethod
    def build(
        cls, *, rows: int, row: Numbers, target: Numbers, label: Labels, until: Ids
    ) -> "LinkTable":
        """Sort links into rows.

        Args:
            rows: How many there are.
            row: Row of each link.
            target: Number of its downstream node.
            label: From :func:`label_of`; whether it has ended is filled in.
            until: When it ended, or :data:`lineage.closure.links.NEVER`.

        Raises:
            ValueError: There are more links than 32 bits can count.
        """
        if len(row) > MOST_LINKS:
            raise ValueError(f"More than {MOST_LINKS} links do not fit into one table.")
        offsets, sorting = grouped(row, rows)
        until = until[sorting]
        label = label[sorting] & ~np.uint32(ENDED_BIT)
        over = np.flatnonzero(until != NEVER)
        label[over] |= np.uint32(ENDED_BIT)
        return cls(
            rows=Rows(
                offsets=offsets.astype(np.uint32),
                targets=target[sorting].astype(np.uint32),
                labels=label,
                ended=over.astype(np.uint32),
                until=until[over],
            )
        )

    def places_of(self, rows: NDArray[np.integer]) -> tuple[Ids, Ids]:
        """The links of some rows: for each its position in ``rows``, and its place in the table."""
        begins = self.rows.offsets[rows].astype(np.int64)
        lengths = self.rows.offsets[rows + 1] - begins
        owner = np.repeat(np.arange(len(rows)), lengths)
        within = np.arange(len(owner)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        return owner, begins[owner] + within

    def relations_at(self, places: Ids) -> Labels:
        """Relation codes of links."""
        return self.rows.labels[places] & np.uint32(RELATION_BITS)

    def until_at(self, places: Ids) -> Ids:
        """When links ended; :data:`lineage.closure.links.NEVER` while they hold."""
        until = np.full(len(places), NEVER, dtype=np.int64)
        over = (self.rows.labels[places] & np.uint32(ENDED_BIT)) != 0
        until[over] = self.rows.until[
            np.searchsorted(self.rows.ended, places[over].astype(np.uint32))
        ]
        return until

    def holds_at(self, places: Ids, moment: Moment) -> NDArray[np.bool_]:
        """Whether links are on record; as :func:`lineage.closure.kernels.sweep` sees them."""
        until = self.until_at(places)
        begun = (self.rows.labels[places] >> np.uint32(MOMENT_SHIFT)) <= moment.latest
        return begun & ((until == NEVER) if moment.latest == NOW else (moment.as_of < until))


def label_of(relation: NDArray[np.uint8], moment: NDArray[np.integer]) -> Labels:
    """Labels of links that hold.

    Args:
        relation: Codes of :data:`lineage.closure.links.RELATIONS`.
        moment: Numbers of the moments at which they were recorded.
    """
    return relation | (moment.astype(np.uint32) << np.uint32(MOMENT_SHIFT))


def places_in(ids: NDArray[np.integer], wanted: NDArray[np.integer]) -> Numbers:
    """The places of ids among others that rise; -1 where one is not there."""
    if not len(ids):
        return np.full(len(wanted), -1, dtype=np.int32)
    place = np.minimum(np.searchsorted(ids, wanted), len(ids) - 1)
    return np.where(ids[place] == wanted, place, -1).astype(np.int32)


def all_found(places: Numbers, wanted: Ids) -> Numbers:
    """The places that were found for ids.

    Raises:
        ValueError: One was not.
    """
    if (places < 0).any():
        raise ValueError(f"A link names node {wanted[places < 0][0]}, which is not given.")
    return places
