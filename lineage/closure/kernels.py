"""Compiled loops of the array engine; see :mod:`lineage.closure.csr` for the arrays.

One sweep in the order of the nodes' numbers computes everything at once: where every link leads to
a higher number, whatever came before a node is settled when its turn comes. Links that lead back
(some fresh ones, or a cycle in bad input) are corrected by turning back until nothing changes.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lineage.closure.prefetch import AHEAD, prefetch

Words = NDArray[np.uint64]
Numbers = NDArray[np.int32]
Ids = NDArray[np.int64]

#: Columns of what is known of a node, 64 bits each: steps from a source with the place of the node
#: before this one; the same over certain links; longest chain with influence bits. Steps stand
#: above the place, so that the smaller word is the shorter path, or the lower id of equally short
#: ones; the longest chain stands above eight influence bits. The fourth word is that of the trace
#: that wrote the row, one higher once the node had its turn: what other traces left means nothing.
STEPS, CERTAIN_STEPS, RANK, TRACE, WIDTH = 0, 1, 2, 3, 4
#: Steps of a node to which no path of certain links leads.
FAR = np.uint64((1 << 64) - 1)
#: A label: five bits of relation, one that says whether the link has ended, 26 bits of moment.
RELATION_BITS, ENDED_BIT, MOMENT_SHIFT = 31, 32, 6
#: So many different moments fit into a label; as the number of a moment it stands for now.
MOST_MOMENTS = NOW = 1 << (32 - MOMENT_SHIFT)
#: Ranks are corrected while a sweep makes no more than this many turns a node; a cycle, in which
#: they would rise for ever, makes more.
_TURNS, _MORE_TURNS = 4, 1_024

# Unsigned, for a signed index costs a look at its sign.
NONE, ONE, _SIX, LOW_BITS = np.uint64(0), np.uint64(1), np.uint64(6), np.uint64(63)
_AHEAD = np.uint64(AHEAD)
#: In the rules by which influence crosses a link (:func:`lineage.closure.links.crossing_table`):
#: the influence bits that arrive, and the bit of a certain link.
_ARRIVING, _SURE = np.uint8(0x7F), np.uint8(0x80)
_MASK, _RANK_SHIFT, _RANK_ONE = np.uint64(0xFF), np.uint64(8), np.uint64(1 << 8)
_STEP, _STEPS_BITS = np.uint64(1 << 32), np.uint64(((1 << 32) - 1) << 32)
_DE_BRUIJN = np.uint64(0x03F79D71B4CB0A89)
_DE_BRUIJN_SHIFT = np.uint64(58)
_PLACES = np.zeros(64, dtype=np.uint64)
for _bit in range(64):
    _PLACES[((1 << _bit) * 0x03F79D71B4CB0A89 & (1 << 64) - 1) >> 58] = _bit


class Rows(NamedTuple):
    """Links, grouped into rows (compressed sparse rows)."""

    #: uint32[r + 1]: where each row begins.
    offsets: NDArray[np.uint32]
    #: uint32[m]: numbers of the downstream nodes, and labels.
    targets: NDArray[np.uint32]
    labels: NDArray[np.uint32]
    #: uint32[e], int64[e]: places of the links that have ended, rising, and the moments they ended.
    ended: NDArray[np.uint32]
    until: Ids


class FreshRows(NamedTuple):
    """The rows of an overlay."""

    #: A bit a node that has a row.
    has_row: Words
    #: int32[r]: the nodes with a row, rising, and whether it stands instead of the snapshot's.
    nodes: Numbers
    instead: NDArray[np.bool_]
    links: Rows


class Moment(NamedTuple):
    """When to look."""

    #: Its number in the labels: of the last one up to it, or :data:`NOW`.
    latest: int
    #: Itself; means nothing for now.
    as_of: int


class Scratch(NamedTuple):
    """What a sweep writes on; used by one trace at a time, again and again."""

    #: uint64[n, 4]: what is known of each node; zero before the first trace.
    state: Words
    #: A bit a node that waits for its turn; zero before and after a trace.
    pending: Words
    #: int32[n]: the nodes reached.
    reached: Numbers


@njit(cache=True, inline="always")
def lowest(bits: np.uint64) -> np.uint64:
    """The place of the lowest set bit (de Bruijn multiplication)."""
    return np.uint64(_PLACES[((bits & (~bits + ONE)) * _DE_BRUIJN) >> _DE_BRUIJN_SHIFT])


@njit(cache=True)
def numbered(ids: Ids, numbers: Numbers, wanted: Ids) -> Numbers:
    """The numbers of nodes by id, -1 where ``ids``, which rise, do not hold one."""
    found = np.empty(wanted.shape[0], dtype=np.int32)
    for row in range(wanted.shape[0]):
        place = np.searchsorted(ids, wanted[row])
        held = place < ids.shape[0] and ids[place] == wanted[row]
        found[row] = numbers[place] if held else -1
    return found


@njit(cache=True)
def over(ended: NDArray[np.uint32], until: Ids, link: np.uint64, as_of: int) -> bool:
    """Whether a link that has ended had done so by a moment."""
    return bool(until[np.searchsorted(ended, np.uint32(link))] <= as_of)


@njit(cache=True)
def _place_near(ended: NDArray[np.uint32], link: np.uint64, near: int) -> int:
    """The place of a link among those that have ended; the last one found is seldom far before."""
    low = near if near < ended.shape[0] and ended[near] <= link else 0
    high, step = low, 1
    while high < ended.shape[0] and ended[high] < link:
        low = high
        high += step
        step <<= 1
    high = min(high, ended.shape[0] - 1)
    while low < high:
        middle = (low + high) >> 1
        if ended[middle] < link:
            low = middle + 1
        else:
            high = middle
    return low


@njit(cache=True, inline="always")
def _begin(  # noqa: PLR0913, PLR0917 - what a sweep writes on
    sources: Numbers,
    places: Numbers,
    held: np.uint64,
    state: Words,
    pending: Words,
    trace: np.uint64,
) -> tuple[np.uint64, np.uint64]:
    """Write the sources down; returns the first and the last word with a bit."""
    first, last = np.uint64(pending.shape[0]), NONE
    for source in sources:
        number = np.uint64(source)
        place = np.uint64(places[number]) if number < held else number
        state[number, STEPS], state[number, CERTAIN_STEPS] = place, place
        state[number, RANK], state[number, TRACE] = ONE, trace
        pending[number >> _SIX] |= ONE << (number & LOW_BITS)
        first, last = min(first, number >> _SIX), max(last, number >> _SIX)
    return first, last


@njit(cache=True, nogil=True)
def sweep(  # noqa: C901, PLR0912, PLR0913, PLR0915, PLR0917 - one loop, compiled as a whole
    sources: Numbers,
    places: Numbers,
    links: Rows,
    fresh: FreshRows,
    moment: Moment,
    crossing: NDArray[np.uint8],
    scratch: Scratch,
    trace: np.uint64,
) -> tuple[Numbers, bool]:
    """Reach everything from ``sources``.

    Args:
        sources: int32[k], numbers without repetition.
        places: int32[n], the place of each numbered node among all ids.
        links: One row a node of the snapshot.
        fresh: What is newer.
        moment: When to look.
        crossing: uint8[r, 16], by relation and by the influence bits before: what crosses a link.
        scratch: For all nodes, fresh ones included.
        trace: An even number that no earlier trace with this scratch had.

    Returns:
        int32[r], the numbers of the reached nodes, rising; and whether their ranks are right. If
        not, there is a cycle, or so many links lead back that they are better computed apart.
    """
    offsets, targets, labels, ended, until = links
    has_row, nodes, instead, (new_offsets, new_targets, new_labels, new_ended, new_until) = fresh
    (latest, as_of), (state, pending, reached) = moment, scratch
    held, done = np.uint64(offsets.shape[0] - 1), trace + ONE
    count, met, turns, near = 0, len(sources), 0, 0
    turned, ranking = False, True
    last_link = np.uint64(max(targets.shape[0], 1) - 1)
    if met == 0:
        return np.empty(0, dtype=np.int32), True
    word, last = _begin(sources, places, held, state, pending, trace)
    while word <= last:
        bits = pending[word]
        if bits == NONE:
            word += ONE
            continue
        turns += 1
        here = (word << _SIX) + lowest(bits)
        pending[word] = bits & (bits - ONE)
        if state[here, TRACE] == trace:
            state[here, TRACE] = done
            reached[count] = here
            count += 1
        place = np.uint64(places[here]) if here < held else here
        rank = state[here, RANK]
        mask, rank = rank & _MASK, (rank & ~_MASK) + _RANK_ONE
        steps = (state[here, STEPS] & _STEPS_BITS) + _STEP | place
        sure_steps = state[here, CERTAIN_STEPS]
        sure_steps = FAR if sure_steps == FAR else (sure_steps & _STEPS_BITS) + _STEP | place
        begin, end, more, more_begin = NONE, NONE, NONE, NONE
        if here < held:
            begin, end = np.uint64(offsets[here]), np.uint64(offsets[here + ONE])
        if has_row[word] >> (here & LOW_BITS) & ONE:
            row = np.searchsorted(nodes, np.int32(here))
            more_begin = np.uint64(new_offsets[row])
            more = np.uint64(new_offsets[row + 1]) - more_begin
            begin = end if instead[row] else begin
        turn_back = word
        for number in range(begin, end + more):
            if number < end:
                label, there = labels[number], np.uint64(targets[number])
                prefetch(state, np.int64(targets[min(number + _AHEAD, last_link)]))
                if label & ENDED_BIT:
                    if latest == NOW:
                        continue
                    near = _place_near(ended, np.uint64(number), near)
                    if until[near] <= as_of:
                        continue
            else:
                link = number - end + more_begin
                label, there = new_labels[link], np.uint64(new_targets[link])
                if label & ENDED_BIT and (latest == NOW or over(new_ended, new_until, link, as_of)):
                    continue
            if (label >> MOMENT_SHIFT) > latest:
                continue
            crosses = crossing[label & RELATION_BITS, mask]
            arriving = np.uint64(crosses & _ARRIVING)
            sure = sure_steps if crosses & _SURE else FAR
            there_word, bit = there >> _SIX, ONE << (there & LOW_BITS)
            if state[there, TRACE] | ONE != done:
                state[there, STEPS], state[there, CERTAIN_STEPS] = steps, sure
                state[there, RANK], state[there, TRACE] = rank | arriving, trace
                pending[there_word] |= bit
                last = max(last, there_word)
                met += 1
                if there < here:
                    turned = True
                    turn_back = min(turn_back, there_word)
                continue
            known, known_sure = state[there, STEPS], state[there, CERTAIN_STEPS]
            known_rank = state[there, RANK]
            state[there, STEPS] = min(known, steps)
            state[there, CERTAIN_STEPS] = min(known_sure, sure)
            # The influence bits below never change which rank is the longer one.
            state[there, RANK] = max(known_rank, rank) | (known_rank & _MASK) | arriving
            if there < here or turned:
                # It may have had its turn already, and needs another one if this is news to it.
                turned = True
                if (
                    arriving & ~known_rank != NONE
                    or steps & _STEPS_BITS < known & _STEPS_BITS
                    or sure & _STEPS_BITS < known_sure & _STEPS_BITS
                    or (ranking and rank > known_rank | _MASK)
                ):
                    pending[there_word] |= bit
                    turn_back = min(turn_back, there_word)
        word = turn_back
        ranking = ranking and not (turned and turns > _TURNS * met + _MORE_TURNS)
    found = reached[:count].copy()
    if turned:
        found.sort()
    return found, ranking


@njit(cache=True, nogil=True)
def packed(
    numbers: Numbers, state: Words, places: Numbers, names: NDArray[np.uint32], ids: Ids
) -> tuple[Numbers, Ids, NDArray[np.uint8], Numbers, NDArray[np.bool_], Numbers, Numbers]:
    """Take the rows of some nodes out of ``state``, one array a column.

    Args:
        numbers: int32[r], rising.
        state: As :func:`sweep` left it.
        places: int32[n], the place of each numbered node among all ids.
        names: uint32[n], the id of each numbered node.
        ids: int64[n + f], all ids; fresh nodes are numbered by their places.

    Returns:
        Places, ids, influence bits, ranks, whether a path of certain links leads there, and the
        places of the nodes before, over all links and over certain ones.
    """
    count, held = numbers.shape[0], places.shape[0]
    own, named = np.empty(count, dtype=np.int32), np.empty(count, dtype=np.int64)
    masks, ranks = np.empty(count, dtype=np.uint8), np.empty(count, dtype=np.int32)
    certain = np.empty(count, dtype=np.bool_)
    before, before_certain = np.empty(count, dtype=np.int32), np.empty(count, dtype=np.int32)
    for row in range(count):
        number = np.uint64(numbers[row])
        own[row] = places[number] if number < held else number
        named[row] = np.int64(names[number]) if number < held else ids[number]
        masks[row], ranks[row] = state[number, RANK] & _MASK, state[number, RANK] >> _RANK_SHIFT
        certain[row] = state[number, CERTAIN_STEPS] != FAR
        before[row] = state[number, STEPS] & ~_STEPS_BITS
        before_certain[row] = state[number, CERTAIN_STEPS] & ~_STEPS_BITS
    return own, named, masks, ranks, certain, before, before_certain
