"""From a closure to the answer of a trace."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lineage.closure import Closure, Reach
from lineage.closure.columns import CURRENT, Codes, EdgeColumns, Mask
from lineage.closure.links import CODES, RELATIONS
from lineage.closure.standing import StandingGraph
from lineage.codes import KINDS, STATES
from lineage.gaps import FoundGap
from lineage.graph import (
    PROPAGATION,
    Affected,
    ArtifactKind,
    BlockedLink,
    Impact,
    Node,
    RecordRef,
    Relation,
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Answer:
    """What a trace found, in columns: an answer of a million artifacts is read a page at a time."""

    closure: Closure
    #: Rows of the closure that are listed as affected, ordered by rank, then id.
    listed: NDArray[np.intp]
    #: Of what is listed: codes of :data:`lineage.codes.KINDS` and
    #: :data:`lineage.codes.STATES`, and whether its rows were read.
    kinds: Codes
    states: Codes
    indexed: Mask
    records: tuple[RecordRef, ...]
    #: Why it is not complete; empty when it is.
    reasons: tuple[str, ...]
    gaps: tuple[FoundGap, ...]
    #: Nodes where the walk had to stop although more may lie behind them.
    frontier: tuple[int, ...]
    #: The edges of :attr:`lineage.graph.Impact.blocked`.
    blocked: EdgeColumns
    snapshot_hash: str
    datasets_examined: int

    def __len__(self) -> int:
        """How many artifacts are listed."""
        return len(self.listed)

    @property
    def ids(self) -> NDArray[np.int64]:
        """Ids of what is listed."""
        return self.closure.nodes[self.listed]

    def counts_by_kind(self) -> dict[ArtifactKind, int]:
        """How many artifacts of each kind are listed; kinds of none are left out."""
        counts = np.bincount(self.kinds, minlength=len(KINDS)).tolist()
        return {kind: count for kind, count in zip(KINDS, counts, strict=True) if count}

    def counts_by_certainty(self) -> dict[str, int]:
        """How many artifacts are listed as certain, and how many as possible."""
        certain = int(self.closure.certain[self.listed].sum())
        return {"certain": certain, "possible": len(self) - certain}

    def blocked_links(self) -> tuple[BlockedLink, ...]:
        """The links that evidence blocked, one value each."""
        return tuple(
            BlockedLink(
                upstream=upstream,
                downstream=downstream,
                relation=RELATIONS[code],
                evidence=PROPAGATION[RELATIONS[code]].blocked_by,
            )
            for upstream, downstream, code in self.blocked.rows()
        )

    def reaches(self, begin: int = 0, end: int | None = None) -> Iterable[Reach]:
        """How what is listed is reached, from one place of the list until before another."""
        return (self.closure.reach_at(int(row)) for row in self.listed[begin:end])

    def affected(
        self, described: Mapping[int, tuple[str, str]], begin: int = 0, end: int | None = None
    ) -> tuple[Affected, ...]:
        """What is listed, from one place of the list until before another.

        Args:
            described: Name and digest of these artifacts, by id.
            begin: The first place, from 0.
            end: The place behind the last; None for the end of the list.
        """
        columns = (self.ids, self.kinds, self.states, self.indexed)
        rows = zip(*(column[begin:end].tolist() for column in columns), strict=True)
        return tuple(
            Affected(
                node=Node(
                    id=node,
                    kind=KINDS[kind],
                    name=described[node][0],
                    digest=described[node][1],
                    state=STATES[state],
                    indexed=indexed,
                ),
                influence=reach.influence,
                path=reach.path,
                rank=reach.rank,
                certainty=reach.certainty,
            )
            for (node, kind, state, indexed), reach in zip(
                rows, self.reaches(begin, end), strict=True
            )
        )

    def impact(self, described: Mapping[int, tuple[str, str]]) -> Impact:
        """The whole answer, every artifact of it.

        Args:
            described: Name and digest of all artifacts that are listed, by id.
        """
        return Impact(
            records=self.records,
            affected=self.affected(described),
            complete=not self.reasons,
            reasons=self.reasons,
            gaps=tuple(found.gap for found in self.gaps),
            frontier=self.frontier,
            snapshot_hash=self.snapshot_hash,
            datasets_examined=self.datasets_examined,
            cycles=self.closure.cycles,
            blocked=self.blocked_links(),
        )


def answer_trace(
    *,
    graph: StandingGraph,
    sources: Collection[int],
    records: Collection[RecordRef],
    found_gaps: Collection[FoundGap],
) -> Answer:
    """Walk the graph and state what is affected, and honestly whether that is everything.

    Listed as affected are the current artifacts, and superseded ones that a product still serves.
    Walked through, but not listed, are other superseded and destroyed ones.

    Args:
        graph: The graph.
        sources: Ids of the artifacts to start from.
        records: Where the subject's records lie now.
        found_gaps: Every gap of the graph, near or far.
    """
    closure = graph.engine.trace(sources)
    places = graph.nodes.places_of(closure.nodes)
    rows = closure.by_rank[_in_use(graph, places)[closure.by_rank]]
    met = _met(closure, {node for found in found_gaps for node in found.near})
    hiding = [found for found in found_gaps if found.may_hide(met)]
    return Answer(
        closure=closure,
        listed=rows,
        kinds=graph.nodes.kinds[places[rows]],
        states=graph.nodes.states[places[rows]],
        indexed=graph.nodes.indexed[places[rows]],
        records=tuple(sorted(records, key=lambda r: (r.dataset_version, r.segment, r.record_id))),
        reasons=(
            *(found.gap.hides for found in hiding),
            *(
                f"The record index names artifact {source}, which the graph does not hold."
                for source in closure.unknown_sources
            ),
        ),
        gaps=tuple(found_gaps),
        frontier=tuple(sorted({node for found in hiding for node in found.near} & met)),
        blocked=_blocked(graph, places),
        snapshot_hash=graph.hash,
        datasets_examined=graph.datasets_examined,
    )


def _met(closure: Closure, nodes: Collection[int]) -> frozenset[int]:
    """Which of some artifacts a closure reaches."""
    wanted = np.array(sorted(nodes), dtype=np.int64)
    return frozenset(wanted[np.isin(wanted, closure.nodes)].tolist())


def _blocked(graph: StandingGraph, reached: NDArray[np.intp]) -> EdgeColumns:
    """The links that evidence blocks, from what is reached to what is in use and is not."""
    known = np.zeros(len(graph.nodes), dtype=np.bool_)
    known[reached] = True
    edges, ids = graph.blocked, graph.nodes.ids
    rows = np.flatnonzero(known[edges.upstream] & ~known[edges.downstream])
    rows = rows[_in_use(graph, edges.downstream[rows])]
    upstream, downstream = edges.upstream[rows], edges.downstream[rows]
    relation = edges.relation[rows]
    found = EdgeColumns(upstream=ids[upstream], downstream=ids[downstream], relation=relation)
    return found.where(np.lexsort((relation, downstream, upstream)))


def _in_use(graph: StandingGraph, places: NDArray[np.integer]) -> Mask:
    """Which of some artifacts are current, or served by a current product all the same."""
    found: Mask = graph.nodes.states[places] == CURRENT
    found[~found] = _served(graph, graph.nodes.ids[places[~found]])
    return found


def _served(graph: StandingGraph, ids: NDArray[np.int64]) -> Mask:
    """Which of some artifacts a current product serves, whatever their own state."""
    links = graph.engine.links_from(ids)
    deployed = links.where(links.relation == CODES[Relation.DEPLOYED_AS])
    products = graph.nodes.states[graph.nodes.places_of(deployed.downstream)] == CURRENT
    return np.isin(ids, deployed.upstream[products])
