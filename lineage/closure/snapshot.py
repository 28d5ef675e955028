"""The graph at one moment, and the hash that makes an answer replayable."""

from dataclasses import dataclass

from lineage.closure.digests import Table, edge_digests, graph_hash, node_digests
from lineage.graph import Edge, Node


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """All nodes and all edges that hold; the order in which they are given is of no account."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    def hash(self) -> str:
        """SHA-256 (hex) over the digests of all parts; see :mod:`lineage.closure.digests`."""
        return graph_hash(
            {Table.NODES: node_digests(self.nodes), Table.EDGES: edge_digests(self.edges)}
        )
