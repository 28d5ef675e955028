"""Which edges carry influence, and what becomes of it on the way."""

from lineage.closure.snapshot import Snapshot
from lineage.graph import PROPAGATION, ROW_HOLDERS, Edge, Influence, Node, Relation

#: Strongest first: the order in which influence is listed.
STRENGTH: tuple[Influence, ...] = (
    Influence.CONTENT,
    Influence.WEIGHTS,
    Influence.SELECTION,
    Influence.EXPOSURE,
)

#: Relations of which a record index tells whether rows came along.
_ANSWERED_BY_INDEX = frozenset({Relation.DERIVED_FROM, Relation.LOGGED_IN, Relation.CACHED_IN})


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

    Blocked are edges whose relation carries nothing, and those that only may have brought rows
    along into an artifact whose every row was read: its own record index answers for its content.
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
    """What shows that nothing crossed an edge; empty where nothing does."""
    answered = relation in _ANSWERED_BY_INDEX and downstream.kind in ROW_HOLDERS
    return "record_index" if answered and downstream.indexed else ""
