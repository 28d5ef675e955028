"""From a closure to the answer of a trace."""

from collections.abc import Collection

from lineage.closure import Closure, Reach, Snapshot
from lineage.gaps import FoundGap
from lineage.graph import ROW_HOLDERS, Affected, Impact, Node, RecordRef, Relation


def assemble_impact(
    *,
    snapshot: Snapshot,
    closure: Closure,
    records: Collection[RecordRef],
    found_gaps: Collection[FoundGap],
) -> Impact:
    """State what is affected, and honestly whether that is everything.

    Listed as affected are the current artifacts, and superseded ones that a product still serves.
    Walked through, but not listed, are other superseded and destroyed ones.

    Args:
        snapshot: The graph that was walked.
        closure: What was reached in it.
        records: Where the subject's records lie now.
        found_gaps: Every gap of the graph, near or far.
    """
    nodes = {node.id: node for node in snapshot.nodes}
    served = _served(snapshot, nodes)
    hiding = [found for found in found_gaps if found.may_hide(closure.reached)]
    reasons = [found.gap.hides for found in hiding]
    reasons += [
        f"The record index names artifact {source}, which the graph does not hold."
        for source in closure.unknown_sources
    ]
    return Impact(
        records=tuple(sorted(records, key=lambda r: (r.dataset_version, r.segment, r.record_id))),
        affected=tuple(
            _affected(nodes[node], reach)
            for node, reach in closure.reached.items()
            if nodes[node].state == "current" or node in served
        ),
        complete=not reasons,
        reasons=tuple(reasons),
        gaps=tuple(found.gap for found in found_gaps),
        frontier=tuple(
            sorted({node for found in hiding for node in found.near if node in closure.reached})
        ),
        snapshot_hash=snapshot.hash(),
        datasets_examined=sum(
            node.kind in ROW_HOLDERS and node.indexed and node.state == "current"
            for node in snapshot.nodes
        ),
        cycles=closure.cycles,
    )


def _served(snapshot: Snapshot, nodes: dict[int, Node]) -> set[int]:
    """Nodes that a current product serves, whatever their own state."""
    return {
        edge.upstream
        for edge in snapshot.edges
        if edge.relation is Relation.DEPLOYED_AS and nodes[edge.downstream].state == "current"
    }


def _affected(node: Node, reach: Reach) -> Affected:
    return Affected(
        node=node,
        influence=reach.influence,
        path=reach.path,
        rank=reach.rank,
        certainty=reach.certainty,
    )
