"""Which edges carry influence, and what becomes of it on the way."""

from collections.abc import Callable

from lineage.closure.snapshot import Snapshot
from lineage.graph import (
    PROPAGATION,
    ROW_HOLDERS,
    Edge,
    Influence,
    Node,
    Relation,
)

#: Strongest first: the order in which influence is listed.
STRENGTH: tuple[Influence, ...] = (
    Influence.CONTENT,
    Influence.WEIGHTS,
    Influence.SELECTION,
    Influence.EXPOSURE,
)


def carried(relation: Relation, influence: Influence) -> Influence | None:
    """What an influence becomes when it crosses an edge; None where the edge carries nothing.

    A weak influence never grows strong on its way: what only selected a model only selected what
    was made from it, and what is only exposed stays exposed.

    >>> carried(Relation.TRAINED_ON, Influence.CONTENT)
    <Influence.WEIGHTS: 'weights'>
    >>> carried(Relation.FINE_TUNED_FROM, Influence.SELECTION)
    <Influence.SELECTION: 'selection'>
    """
    of_edge = PROPAGATION[relation].influence
    if of_edge is None:
        return None
    if influence in (Influence.SELECTION, Influence.EXPOSURE):
        return max(of_edge, influence, key=STRENGTH.index)
    return of_edge


def carrying_edges(snapshot: Snapshot) -> list[Edge]:
    """The edges that carry influence, sorted; what evidence blocks is left out.

    What can block an edge is named in its relation's row of the table; without that evidence on its
    downstream artifact the edge carries.
    """
    nodes = {node.id: node for node in snapshot.nodes}
    edges = [
        edge
        for edge in snapshot.edges
        if PROPAGATION[edge.relation].influence is not None
        and edge.upstream in nodes
        and edge.downstream in nodes
        and not blocked_by(edge.relation, nodes[edge.downstream])
    ]
    return sorted(edges, key=lambda edge: (edge.upstream, edge.downstream, edge.relation.value))


def blocked_by(relation: Relation, downstream: Node) -> str:
    """What shows that nothing crossed an edge, by its name in the table; empty where nothing does.

    >>> read = Node(id=1, kind=min(ROW_HOLDERS), name="all read", indexed=True)
    >>> blocked_by(Relation.LOGGED_IN, read)
    'record_index'
    >>> blocked_by(Relation.COPIED_TO, read)
    ''
    """
    evidence = PROPAGATION[relation].blocked_by
    return evidence if evidence and _PRESENT[evidence](downstream) else ""


#: What blocks an edge, in words.
_BLOCKED: dict[str, str] = {
    "record_index": "carries nothing: every row of it was read, and its record index names whose",
}


def in_words(relation: Relation, downstream: Node) -> str:
    """Say what an edge carries to its downstream artifact, as people read it.

    >>> unread = Node(id=1, kind=min(ROW_HOLDERS), name="not read")
    >>> in_words(Relation.LOGGED_IN, unread)
    'may carry content'
    >>> in_words(Relation.REDACTED_FROM, unread)
    'carries nothing'
    """
    rule = PROPAGATION[relation]
    if rule.influence is None:
        return "carries nothing"
    if evidence := blocked_by(relation, downstream):
        return _BLOCKED[evidence]
    return f"{'carries' if rule.certainty == 'certain' else 'may carry'} {rule.influence.value}"


def _all_rows_read(node: Node) -> bool:
    return node.kind in ROW_HOLDERS and node.indexed


#: Whether an artifact offers what blocks an edge into it: one line a name.
_PRESENT: dict[str, Callable[[Node], bool]] = {"record_index": _all_rows_read}
