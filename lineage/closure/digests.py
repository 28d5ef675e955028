"""The hash of a whole graph, made of digests of its parts: a change costs the parts it touches.

Artifacts are taken together by their ids, edges by the ids of what they lead to, a thousand ids a
part. The hash is over the digests of all parts that hold something, so that equal graphs have equal
hashes, and nobody can find two unlike ones (SHA-256, FIPS 180-4, on both levels).
"""

import hashlib
from collections.abc import Iterable, Mapping
from enum import StrEnum
from itertools import groupby
from typing import TypeAlias

from lineage.graph import Edge, Node

#: An artifact belongs to the part that its id has without this many low bits.
PART_BITS = 10


class Table(StrEnum):
    """What a part holds."""

    NODES = "nodes"
    EDGES = "edges"


#: Digests (32 bytes) of the parts of a table, by number.
Digests: TypeAlias = Mapping[int, bytes]


def node_digests(nodes: Iterable[Node]) -> Digests:
    """Digest artifacts part by part: lines in the order of their ids."""
    lines = sorted((node.id, _node_line(node)) for node in nodes)
    return _digests((node, line) for node, line in lines)


def edge_digests(edges: Iterable[Edge]) -> Digests:
    """Digest edges part by part: lines in the order of downstream, upstream and relation."""
    ordered = sorted(edges, key=lambda edge: (edge.downstream, edge.upstream, edge.relation.value))
    return _digests((edge.downstream, _edge_line(edge)) for edge in ordered)


def graph_hash(parts: Mapping[Table, Digests]) -> str:
    """SHA-256 (hex) over the digests of all parts.

    >>> graph_hash({Table.NODES: {}, Table.EDGES: {}})[:8]
    'e3b0c442'
    """
    lines = (
        f"{table.value} {part} {digests[part].hex()}\n"
        for table, digests in sorted(parts.items())
        for part in sorted(digests)
    )
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _node_line(node: Node) -> str:
    """An artifact on one line; the name in hexadecimal, for it may hold any character."""
    name = node.name.encode().hex()
    return f"{node.id} {node.kind.value} {name} {node.digest} {node.state} {int(node.indexed)}"


def _edge_line(edge: Edge) -> str:
    return f"{edge.upstream} {edge.downstream} {edge.relation.value}"


def _digests(lines: Iterable[tuple[int, str]]) -> Digests:
    return {
        part: hashlib.sha256("\n".join(line for _, line in of_part).encode()).digest()
        for part, of_part in groupby(lines, key=lambda item: item[0] >> PART_BITS)
    }
