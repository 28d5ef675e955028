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
    Rules,
    Words,
    packed,
    sweep,
)
from lineage.closure.links import Ids, certainty_table, crossing_table
from lineage.closure.ordering import ranks_and_cycles
from lineage.closure.overlay import Overlay
from lineage.closure.table import LinkTable, places_in

_RULES = Rules(crossing=crossing_table(), certain=certainty_table())
#: Words of 64 sources that one sweep counts for.
_WORDS = 8
#: Bytes of a line of the processor's cache.
_LINE = 64


def _scratch_of(rows: int) -> Words:
    """An array of which no row lies across two lines of the processor's cache."""
    line = _LINE // np.dtype(np.uint64).itemsize
    room = np.empty(rows * WIDTH + line, dtype=np.uint64)
    begin = -(room.ctypes.data // 8) % line
    return room[begin : begin + rows * WIDTH].reshape(rows, WIDTH)


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
        self._scratch: list[Words] = []

    def trace(self, sources: Collection[int], *, as_of: int | None = None) -> Closure:
        """Walk every link downstream from the sources; see the protocol."""
        graph, overlay = self._graph, self._overlay
        wanted = np.unique(np.fromiter(sources, dtype=np.int64, count=len(sources)))
        numbers = self._numbers_of(wanted)
        start = np.sort(numbers[numbers >= 0])
        state = self._take_scratch()
        moment = self._moment(as_of)
        reached, ranked = sweep(
            start, graph.places, graph.links.rows, overlay.fresh, moment, _RULES, state
        )
        keys, nodes, masks, ranks, certain, before, before_certain = packed(
            reached, state, graph.places, overlay.ids
        )
        self._scratch.append(state)
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

    def _take_scratch(self) -> Words:
        try:
            return self._scratch.pop()
        except IndexError:
            return _scratch_of(len(self._overlay.ids))

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
