"""Links that are newer than a snapshot: a trace sees them at once, long before the next snapshot.

An overlay is small and made anew whenever something was recorded. It gives some nodes a row of
links of their own: beside those of the snapshot, or, where one of those has ended since, instead.
"""

from dataclasses import dataclass

import numpy as np

from lineage.closure.csr import CsrGraph
from lineage.closure.kernels import MOST_MOMENTS, FreshRows, Numbers
from lineage.closure.links import NEVER, Ids, Links
from lineage.closure.table import Labels, LinkTable, all_found, label_of, places_in

_WORD = 64


@dataclass(frozen=True, kw_only=True, eq=False)
class Overlay:
    """What was recorded after a snapshot, in the numbers of that snapshot and the ones behind."""

    #: int64[n]: ids, rising; those that the snapshot does not hold come last, and are numbered by
    #: their places.
    ids: Ids
    #: Every moment at which a link was recorded, rising.
    moments: Ids
    fresh: FreshRows

    @classmethod
    def build(cls, graph: CsrGraph, *, nodes: Ids, fresh: Links, ended: Links) -> "Overlay":
        """Lay what is new over a snapshot.

        Args:
            graph: The snapshot.
            nodes: int64[k], ids of nodes that it does not hold.
            fresh: Links that it does not hold.
            ended: Links that it holds as open and that have ended since.

        Raises:
            ValueError: A link names a node that nobody holds, or what is new does not fit behind
                the snapshot: build a new one.
        """
        ids = np.concatenate([graph.ids, np.sort(nodes)]) if len(nodes) else graph.ids
        if len(nodes) and len(graph.ids) and nodes.min() < graph.ids[-1]:
            raise ValueError("A fresh node has a lower id than the snapshot's: build a new one.")
        moments = np.union1d(graph.moments, fresh.since)
        if len(moments) > MOST_MOMENTS:
            raise ValueError(f"More than {MOST_MOMENTS} moments do not fit: build a new snapshot.")
        if not np.array_equal(moments[: len(graph.moments)], graph.moments):
            raise ValueError("A fresh link is older than the snapshot: build a new one.")
        kept = _rewritten_rows(graph, ended)
        upstream = np.concatenate([kept.upstream, _numbers(graph, ids, fresh.upstream)])
        label = label_of(fresh.relation, np.searchsorted(moments, fresh.since))
        rows, row = np.unique(upstream, return_inverse=True)
        has_row = np.zeros(-(-len(ids) // _WORD), dtype=np.uint64)
        bits = np.uint64(1) << (rows % _WORD).astype(np.uint64)
        np.bitwise_or.at(has_row, rows // _WORD, bits)
        table = LinkTable.build(
            rows=len(rows),
            row=row.astype(np.int32),
            target=np.concatenate([kept.downstream, _numbers(graph, ids, fresh.downstream)]),
            label=np.concatenate([kept.labels, label]),
            until=np.concatenate([kept.until, fresh.until]),
        )
        return cls(
            ids=ids,
            moments=moments,
            fresh=FreshRows(
                has_row=has_row,
                nodes=rows.astype(np.int32),
                instead=np.isin(rows, kept.upstream),
                links=table.rows,
            ),
        )

    @classmethod
    def empty(cls, graph: CsrGraph) -> "Overlay":
        """Nothing is new."""
        none = Links.none()
        return cls.build(graph, nodes=np.empty(0, dtype=np.int64), fresh=none, ended=none)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Rows:
    """Links in the numbers of the snapshot."""

    upstream: Numbers
    downstream: Numbers
    labels: Labels
    until: Ids


def _rewritten_rows(graph: CsrGraph, ended: Links) -> _Rows:
    """All links of the nodes of which one has ended since, with the ends filled in."""
    upstream, downstream = graph.numbers_of(ended.upstream), graph.numbers_of(ended.downstream)
    sources = np.unique(upstream)
    owner, places = graph.links.places_of(sources)
    targets = graph.links.rows.targets[places].astype(np.int32)
    until = graph.links.until_at(places)
    # One link of a relation holds between two nodes at a time, so these three name it.
    names = zip(upstream.tolist(), downstream.tolist(), ended.relation.tolist(), strict=True)
    ends = dict(zip(names, ended.until.tolist(), strict=True))
    held = zip(
        sources[owner].tolist(),
        targets.tolist(),
        graph.links.relations_at(places).tolist(),
        strict=True,
    )
    for place, name in enumerate(held):
        if until[place] == NEVER:
            until[place] = ends.get(name, NEVER)
    return _Rows(
        upstream=sources[owner],
        downstream=targets,
        labels=graph.links.rows.labels[places],
        until=until,
    )


def _numbers(graph: CsrGraph, ids: Ids, wanted: Ids) -> Numbers:
    """Numbers of nodes by id, those behind the snapshot's included."""
    numbers, places = graph.numbers_of(wanted), places_in(ids, wanted)
    return all_found(np.where(numbers < 0, places, numbers), wanted)
