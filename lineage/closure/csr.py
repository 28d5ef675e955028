"""A snapshot of all links as flat arrays, in memory or in mapped files.

Nodes are numbered in an order in which every artifact stands behind what it came from and near
what came of it, so that one sweep over the numbers settles them all without jumping far.
"""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lineage.closure.kernels import MOST_MOMENTS, Numbers, Rows, numbered
from lineage.closure.links import RELATIONS, Ids, Links
from lineage.closure.ordering import grouped, numbering
from lineage.closure.table import LinkTable, all_found, label_of, places_in

#: As much as postings can keep of a segment, and more (docs/record-index.md, Sizes).
LAST_ID = (1 << 32) - 1
_ABOUT = "about.json"
_OWN = ("ids", "numbers", "places", "names", "moments")
_OF_LINKS = Rows._fields


class UnfitSnapshotError(Exception):
    """A folder holds no snapshot that this version can read; build it anew."""


@dataclass(frozen=True, kw_only=True, eq=False)
class CsrGraph:
    """Nodes by number, and their links."""

    #: int64[n]: artifact ids, rising.
    ids: Ids
    #: int32[n]: the number of each id, and the place among the ids of each number.
    numbers: Numbers
    places: Numbers
    #: uint32[n]: the id of each number, so that an answer need not jump for the ids of its nodes.
    names: NDArray[np.uint32]
    #: Every moment at which a link was recorded, rising; a label names one by its place here.
    moments: Ids
    #: One row a node.
    links: LinkTable

    @classmethod
    def build(cls, *, nodes: Ids, links: Links) -> "CsrGraph":
        """Number the nodes and lay the links out.

        Args:
            nodes: int64[n], ids in any order, each once.
            links: Between these nodes.

        Raises:
            ValueError: A link leads to or from no node, an id does not fit into 32 bits, or there
                are more different moments than a label can tell apart.
        """
        ids = np.sort(nodes)
        if len(ids) and not 0 <= ids[0] <= ids[-1] <= LAST_ID:
            raise ValueError(f"Ids from 0 to {LAST_ID} fit into a snapshot.")
        upstream = all_found(places_in(ids, links.upstream), links.upstream)
        downstream = all_found(places_in(ids, links.downstream), links.downstream)
        offsets, order = grouped(upstream, len(ids))
        numbers = numbering(offsets, downstream[order])
        places = np.empty_like(numbers)
        places[numbers] = np.arange(len(ids), dtype=np.int32)
        moments, moment = np.unique(links.since, return_inverse=True)
        if len(moments) > MOST_MOMENTS:
            raise ValueError(f"More than {MOST_MOMENTS} moments do not fit into one snapshot.")
        return cls(
            ids=ids,
            numbers=numbers,
            places=places,
            names=ids[places].astype(np.uint32),
            moments=moments,
            links=LinkTable.build(
                rows=len(ids),
                row=numbers[upstream],
                target=numbers[downstream],
                label=label_of(links.relation, moment),
                until=links.until,
            ),
        )

    def numbers_of(self, wanted: Ids) -> Numbers:
        """The numbers of nodes by id, -1 where the graph does not hold one."""
        return numbered(self.ids, self.numbers, wanted)

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        return sum(array.nbytes for array in self.arrays().values())

    def save(self, folder: Path) -> None:
        """Write the arrays; a reader sees a whole folder or none."""
        fresh = folder.with_name(f"{folder.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        for name, array in self.arrays().items():
            np.save(fresh / f"{name}.npy", array)
        about = {"relations": [relation.value for relation in RELATIONS]}
        (fresh / _ABOUT).write_text(json.dumps(about), encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        fresh.rename(folder)

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Every array by name."""
        return {name: getattr(self, name) for name in _OWN} | {
            name: getattr(self.links.rows, name) for name in _OF_LINKS
        }

    @classmethod
    def open(cls, folder: Path) -> "CsrGraph":
        """Map the arrays of a folder into memory; nothing is read before it is needed.

        Raises:
            UnfitSnapshotError: The folder holds none, or one of another version.
        """
        try:
            about = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
            held = {
                name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in _OWN + _OF_LINKS
            }
        except (OSError, ValueError) as error:
            raise UnfitSnapshotError(f"No snapshot can be read from {folder.name}.") from error
        if about.get("relations") != [relation.value for relation in RELATIONS]:
            raise UnfitSnapshotError("The snapshot was built for other relations.")
        return cls(
            **{name: held[name] for name in _OWN},
            links=LinkTable(rows=Rows(**{name: held[name] for name in _OF_LINKS})),
        )
