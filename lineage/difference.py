"""What differs between two moments: for one data subject, and in the whole graph. Pure."""

from dataclasses import dataclass

from lineage.closure.snapshot import Snapshot
from lineage.graph import Affected, Edge, Impact, Node, Relation


@dataclass(frozen=True, kw_only=True)
class Link:
    """An edge with what stands at its ends."""

    upstream: Node
    downstream: Node
    relation: Relation


@dataclass(frozen=True, kw_only=True)
class GraphDifference:
    """What differs in the graph; what came and went between the two moments is not seen."""

    #: Artifacts that were put on record, ordered by id, and those of which the row was deleted.
    recorded: tuple[Node, ...]
    removed: tuple[Node, ...]
    #: Artifacts of which kind, name, digest, state or reading changed: before and after.
    changed: tuple[tuple[Node, Node], ...]
    #: Edges that hold after and not before, and the reverse, ordered by ids and relation.
    begun: tuple[Link, ...]
    ended: tuple[Link, ...]


@dataclass(frozen=True, kw_only=True)
class ImpactDifference:
    """What differs between two answers for one data subject."""

    before: Impact
    after: Impact
    #: Listed as affected after and not before, and the reverse; ordered as in the answers.
    newly: tuple[Affected, ...]
    no_longer: tuple[Affected, ...]
    #: Affected in both, by another influence or with another certainty: before and after.
    otherwise: tuple[tuple[Affected, Affected], ...]
    graph: GraphDifference


def compare_graphs(before: Snapshot, after: Snapshot) -> GraphDifference:
    """Find what differs between two snapshots, or between parts of them.

    Parts must hold everything that may differ, and every artifact at the ends of their edges.

    >>> empty = Snapshot(nodes=(), edges=())
    >>> compare_graphs(empty, empty).recorded
    ()
    """
    old = {node.id: node for node in before.nodes}
    new = {node.id: node for node in after.nodes}
    return GraphDifference(
        recorded=tuple(new[pk] for pk in sorted(new.keys() - old.keys())),
        removed=tuple(old[pk] for pk in sorted(old.keys() - new.keys())),
        changed=tuple(
            (old[pk], new[pk]) for pk in sorted(old.keys() & new.keys()) if old[pk] != new[pk]
        ),
        begun=_links(set(after.edges) - set(before.edges), new),
        ended=_links(set(before.edges) - set(after.edges), old),
    )


def compare_impacts(before: Impact, after: Impact, graph: GraphDifference) -> ImpactDifference:
    """Find what differs between two answers for one data subject.

    Args:
        before: The earlier answer.
        after: The later one.
        graph: What differs between the graphs that they were found in.
    """
    old = {item.node.id: item for item in before.affected}
    new = {item.node.id: item for item in after.affected}
    both = [(old[pk], item) for pk, item in new.items() if pk in old]
    return ImpactDifference(
        before=before,
        after=after,
        newly=tuple(item for pk, item in new.items() if pk not in old),
        no_longer=tuple(item for pk, item in old.items() if pk not in new),
        otherwise=tuple((was, is_) for was, is_ in both if _strength(was) != _strength(is_)),
        graph=graph,
    )


def _strength(item: Affected) -> tuple[object, ...]:
    return item.influence, item.certainty


def _links(edges: set[Edge], nodes: dict[int, Node]) -> tuple[Link, ...]:
    return tuple(
        Link(upstream=nodes[up], downstream=nodes[down], relation=relation)
        for up, down, relation in sorted((e.upstream, e.downstream, e.relation) for e in edges)
    )
