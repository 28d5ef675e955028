"""The graph at one moment, and the hash that makes an answer replayable."""

import hashlib
import json
from dataclasses import dataclass

from lineage.graph import Edge, Node


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """All nodes and all edges that hold; the order in which they are given is of no account."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    def hash(self) -> str:
        """SHA-256 (hex) over the canonical JSON of sorted nodes and edges.

        >>> Snapshot(nodes=(), edges=()).hash()[:8]
        'a461bf77'
        """
        nodes = sorted(
            (n.id, n.kind.value, n.name, n.digest, n.state, n.indexed) for n in self.nodes
        )
        edges = sorted((e.upstream, e.downstream, e.relation.value) for e in self.edges)
        canonical = json.dumps({"nodes": nodes, "edges": edges}, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()
