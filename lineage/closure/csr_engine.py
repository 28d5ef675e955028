"""The closure by one compiled sweep over flat arrays, with fresh links laid over them."""

from collections.abc import Collection

import numpy as np

from lineage.closure import Closure
from lineage.closure.columns import Codes, EdgeColumns
from lineage.closure.counting import counts
from lineage.closure.csr import CsrGraph
from lineage.closure.kernels import (
    NOW,
    WIDTH,
    Moment,
    Numbers,
    Scratch,
    packed,
    sweep,
)
from lineage.closure.links import Ids, crossing_table
from lineage.closure.ordering import ranks_and_cycles
from lineage.closure.overlay import Overlay
from lineage.closure.table import LinkTable, places_in

_CROSSING = crossing_table()
#: Words of 64 sources that one sweep counts for.
_WORDS = 8
#: Bytes of a line of the processor's cache.
_LINE = 64


class _Scratch:
    """What traces write on, one after the other."""

    def __init__(self, rows: int) -> None:
        """Make room; no row of it lies across two lines of the processor's cache."""
        line = _LINE // np.dtype(np.uint64).itemsize
        room = np.zeros(rows * WIDTH + line, dtype=np.uint64)
        begin = -(room.ctypes.data // room.itemsize) % line
        self.arrays = Scratch(
            state=room[begin : begin + rows * WIDTH].reshape(rows, WIDTH),
            pending=np.zeros(-(-rows // 64), dtype=np.uint64),
            reached=np.empty(rows, dtype=np.int32),
        )
        self._trace = 0

    def next_trace(self) -> np.uint64:
        """An even number that no trace had."""
        self._trace += 2
        return np.uint64(self._trace)


class CsrEngine:
    """A :class:`lineage.closure.ClosureEngine` over a snapshot and what is newer than it."""

    def __init__(self, graph: CsrGraph, overlay: Overlay | None = None) -> None:
        """Take a snapshot.

        Args:
            graph: In memory, or mapped from a file.
            overlay: What was recorded since; None where nothing was.
        """
        self._graph, self._overlay = graph, overlay or Overlay.empty(graph)
        #: Scratch arrays that no trace is using; list operations are atomic.
        self._scratch: list[_Scratch] = []

    def trace(self, sources: Collection[int], *, as_of: int | None = None) -> Closure:
        """Walk every link downstream from the sources; see the protocol."""
        graph, overlay = self._graph, self._overlay
        wanted = np.fromiter(sources, dtype=np.int64, count=len(sources))
        wanted = np.unique(wanted) if len(wanted) > 1 else wanted
        numbers = self._numbers_of(wanted)
        scratch, moment = self._take_scratch(), self._moment(as_of)
        reached, ranked = sweep(
            numbers[numbers >= 0],
            graph.places,
            graph.links.rows,
            overlay.fresh,
            moment,
            _CROSSING,
            scratch.arrays,
            scratch.next_trace(),
        )
        keys, nodes, masks, ranks, certain, before, before_certain = packed(
            reached, scratch.arrays.state, graph.places, graph.names, overlay.ids
        )
        self._scratch.append(scratch)
        cycles: tuple[tuple[int, ...], ...] = ()
        if not ranked:
            ranks, cycles = self._ranks(reached, moment)
        return Closure(
            keys=keys,
            nodes=nodes,
            masks=masks,
            ranks=ranks,
            certain=certain,
            before=before,
            before_certain=before_certain,
            unknown_sources=tuple(wanted[numbers < 0].tolist()),
            cycles=cycles,
        )

    def affected_counts(self, sources: Ids, *, as_of: int | None = None) -> Ids:
        """How many nodes each source reaches, itself included.

        Args:
            sources: int64[k], ids that the graph holds.
            as_of: As for :meth:`trace`.

        Returns:
            int64[k].

        Raises:
            KeyError: The graph does not hold a source.
        """
        numbers = self._numbers_of(sources)
        if (numbers < 0).any():
            raise KeyError(int(sources[numbers < 0][0]))
        if len(self._overlay.fresh.nodes) or len(self._overlay.ids) > len(self._graph.ids):
            return self._counts_one_by_one(sources, as_of)
        graph, found = self._graph, np.zeros(len(sources), dtype=np.int64)
        # Neighbours in the order share most of their sweep.
        order = np.argsort(numbers)
        bits = np.zeros((len(graph.ids), _WORDS), dtype=np.uint64)
        for begin in range(0, len(order), _WORDS * 64):
            chosen = order[begin : begin + _WORDS * 64]
            into = np.zeros(_WORDS * 64, dtype=np.int64)
            led_back = counts(numbers[chosen], graph.links.rows, self._moment(as_of), bits, into)
            if led_back:
                return self._counts_one_by_one(sources, as_of)
            found[chosen] = into[: len(chosen)]
        return found

    def links_from(self, ids: Ids) -> EdgeColumns:
        """The links that lead from some nodes and hold now, as edges.

        Args:
            ids: int64[k], that the graph holds.
        """
        numbers = np.unique(self._numbers_of(ids))
        upstream, downstream, relation = self._links_of(numbers, self._moment(None))
        names = self._overlay.ids
        return EdgeColumns(
            upstream=names[self._places_of(upstream)],
            downstream=names[self._places_of(downstream)],
            relation=relation,
        )

    def _counts_one_by_one(self, sources: Ids, as_of: int | None) -> Ids:
        lengths = [len(self.trace([int(source)], as_of=as_of)) for source in sources]
        return np.array(lengths, dtype=np.int64)

    def _take_scratch(self) -> _Scratch:
        try:
            return self._scratch.pop()
        except IndexError:
            return _Scratch(len(self._overlay.ids))

    def _numbers_of(self, ids: Ids) -> Numbers:
        numbers = self._graph.numbers_of(ids)
        missing = numbers < 0
        if missing.any():
            numbers[missing] = places_in(self._overlay.ids, ids[missing])
        return numbers

    def _moment(self, as_of: int | None) -> Moment:
        if as_of is None:
            return Moment(latest=NOW, as_of=0)
        latest = int(np.searchsorted(self._overlay.moments, as_of, side="right")) - 1
        return Moment(latest=latest, as_of=as_of)

    def _ranks(
        self, reached: Numbers, moment: Moment
    ) -> tuple[Numbers, tuple[tuple[int, ...], ...]]:
        """Ranks and cycles of what was reached, where a sweep could not settle them."""
        upstream, downstream, _ = self._links_of(reached, moment)
        ranks, cycles = ranks_and_cycles(
            len(reached), places_in(reached, upstream), places_in(reached, downstream)
        )
        names = self._overlay.ids[self._places_of(reached)]
        return ranks, tuple(sorted(tuple(sorted(names[cycle].tolist())) for cycle in cycles))

    def _places_of(self, numbers: Numbers) -> Numbers:
        """The place of each numbered node among all ids."""
        held = len(self._graph.places)
        if len(self._overlay.ids) == held:
            return self._graph.places[numbers]
        fresh = numbers >= held
        places = self._graph.places[np.where(fresh, 0, numbers)] if held else numbers
        return np.where(fresh, numbers, places)

    def _links_of(self, numbers: Numbers, moment: Moment) -> tuple[Numbers, Numbers, Codes]:
        """The links of some nodes at a moment: both ends and the relation."""
        graph, fresh = self._graph, self._overlay.fresh
        own = numbers[numbers < len(graph.ids)]
        own = own[np.isin(own, fresh.nodes[fresh.instead], invert=True)]
        rows = np.flatnonzero(np.isin(fresh.nodes, numbers))
        upstream, downstream, relation = [], [], []
        for table, nodes, chosen in (
            (graph.links, own, own),
            (LinkTable(rows=fresh.links), fresh.nodes[rows], rows),
        ):
            owner, places = table.places_of(chosen)
            holds = table.holds_at(places, moment)
            upstream.append(nodes[owner[holds]])
            downstream.append(table.rows.targets[places[holds]].astype(np.int32))
            relation.append(table.relations_at(places[holds]).astype(np.uint8))
        return np.concatenate(upstream), np.concatenate(downstream), np.concatenate(relation)
