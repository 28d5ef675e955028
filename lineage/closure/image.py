"""The whole graph at one moment, laid out for traces: in memory, or in files that are mapped.

An image holds what holds at its moment. What changed since is laid over it
(:mod:`lineage.closure.standing`), so an image may be hours old and answers are not.
"""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lineage.closure.columns import EdgeColumns, NodeColumns, carrying
from lineage.closure.csr import CsrGraph, UnfitSnapshotError
from lineage.closure.digests import Digests, Table, edge_digests, node_digests
from lineage.closure.links import NEVER
from lineage.closure.snapshot import Snapshot
from lineage.codes import KINDS, STATES, Trait

_ABOUT, _GRAPH = "image.json", "graph"
_OF_NODES = ("kinds", "states", "traits")
_OF_EDGES = ("upstream", "downstream", "relation")


@dataclass(frozen=True, kw_only=True)
class Stamp:
    """The moment of an image: its number, and its time, which tells histories apart."""

    moment: int
    #: In ISO 8601; empty before anything was recorded.
    at: str


#: Before anything was recorded.
BEGINNING = Stamp(moment=0, at="")


@dataclass(frozen=True, kw_only=True, eq=False)
class GraphImage:
    """The graph at one moment."""

    stamp: Stamp
    nodes: NodeColumns
    #: The edges that carry influence, as links.
    graph: CsrGraph
    #: The others: they carry nothing, or evidence blocks them.
    idle: EdgeColumns
    #: Digests of the parts of the graph, for its hash.
    digests: Mapping[Table, Digests]

    @classmethod
    def build(
        cls,
        *,
        stamp: Stamp,
        nodes: NodeColumns,
        edges: EdgeColumns,
        digests: Mapping[Table, Digests],
    ) -> "GraphImage":
        """Lay a graph out.

        Args:
            stamp: When it was so.
            nodes: All artifacts.
            edges: All edges that hold, between these.
            digests: Of its parts (:mod:`lineage.closure.digests`).

        Raises:
            ValueError: An edge names an artifact that is not given.
        """
        carry = carrying(edges, nodes)
        return cls(
            stamp=stamp,
            nodes=nodes,
            graph=CsrGraph.build(nodes=nodes.ids, links=edges.where(carry).links(until=NEVER)),
            idle=edges.where(~carry),
            digests=digests,
        )

    @classmethod
    def of(cls, snapshot: Snapshot) -> "GraphImage":
        """Lay out a graph that is given as values."""
        return cls.build(
            stamp=BEGINNING,
            nodes=NodeColumns.of(snapshot.nodes),
            edges=EdgeColumns.of(snapshot.edges),
            digests={
                Table.NODES: node_digests(snapshot.nodes),
                Table.EDGES: edge_digests(snapshot.edges),
            },
        )

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        return self.graph.nbytes + sum(array.nbytes for array in self._arrays().values())

    def _arrays(self) -> dict[str, NDArray[np.generic]]:
        """Every array by name, but for those of the links; artifact ids stand there."""
        return {
            **{name: getattr(self.nodes, name) for name in _OF_NODES},
            **{f"idle_{name}": getattr(self.idle, name) for name in _OF_EDGES},
            **{f"{table.value}_parts": _parts(self.digests[table]) for table in Table},
            **{f"{table.value}_digests": _bytes_of(self.digests[table]) for table in Table},
        }

    def save(self, folder: Path) -> None:
        """Write the image; a reader sees a whole folder or none."""
        fresh = folder.with_name(f"{folder.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        self.graph.save(fresh / _GRAPH)
        for name, array in self._arrays().items():
            np.save(fresh / f"{name}.npy", array)
        about = {"moment": self.stamp.moment, "at": self.stamp.at, **_codes()}
        (fresh / _ABOUT).write_text(json.dumps(about), encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        fresh.rename(folder)

    @classmethod
    def open(cls, folder: Path) -> "GraphImage":
        """Map the arrays of a folder into memory; nothing is read before it is needed.

        Raises:
            UnfitSnapshotError: The folder holds no image, or one of another version.
        """
        stamp = stamp_in(folder)
        graph = CsrGraph.open(folder / _GRAPH)
        return cls(
            stamp=stamp,
            nodes=NodeColumns(ids=graph.ids, **{name: _load(folder, name) for name in _OF_NODES}),
            graph=graph,
            idle=EdgeColumns(**{name: _load(folder, f"idle_{name}") for name in _OF_EDGES}),
            digests={table: _digests_in(folder, table) for table in Table},
        )


def stamp_in(folder: Path) -> Stamp:
    """Read the moment of the image in a folder.

    Raises:
        UnfitSnapshotError: The folder holds no image, or one of another version.
    """
    try:
        about = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UnfitSnapshotError(f"No image can be read from {folder.name}.") from error
    if {name: about.get(name) for name in _codes()} != _codes():
        raise UnfitSnapshotError("The image was built for other kinds of artifacts.")
    return Stamp(moment=int(about["moment"]), at=str(about["at"]))


def _codes() -> dict[str, list[str]]:
    return {
        "kinds": [kind.value for kind in KINDS],
        "states": list(STATES),
        "traits": [trait.name or "" for trait in Trait],
    }


def _load(folder: Path, name: str) -> Any:  # noqa: ANN401 - an array of whatever type was saved
    try:
        return np.load(folder / f"{name}.npy", mmap_mode="r")
    except (OSError, ValueError) as error:
        raise UnfitSnapshotError(f"No image can be read from {folder.name}.") from error


def _parts(digests: Digests) -> NDArray[np.int64]:
    return np.array(sorted(digests), dtype=np.int64)


def _bytes_of(digests: Digests) -> NDArray[np.uint8]:
    together = b"".join(digests[part] for part in sorted(digests))
    return np.frombuffer(together, dtype=np.uint8).reshape(-1, 32)


def _digests_in(folder: Path, table: Table) -> Digests:
    parts = _load(folder, f"{table.value}_parts").tolist()
    digests = _load(folder, f"{table.value}_digests")
    return {part: digests[row].tobytes() for row, part in enumerate(parts)}
