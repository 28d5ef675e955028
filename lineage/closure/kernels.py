"""Compiled loops of the array engine; see :mod:`lineage.closure.csr` for the arrays.

One sweep in the order of the nodes' numbers computes everything at once: where every link leads to
a higher number, whatever came before a node is settled when its turn comes. Links that lead back
(some fresh ones, or a cycle in bad input) are corrected by turning back until nothing changes.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

Words = NDArray[np.uint64]
Numbers = NDArray[np.int32]
Ids = NDArray[np.int64]

#: Columns of what is known of a node, 64 bits each: steps from a source with the place of the node
#: before this one; the same over certain links; longest chain; influence bits. Steps stand above
#: the place, so that the smaller word is the shorter path, or the lower id of equally short ones.
STEPS, CERTAIN_STEPS, RANK, MASK, WIDTH = 0, 1, 2, 3, 4
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
_NONE, _ONE, _SIX, _LOW_BITS = np.uint64(0), np.uint64(1), np.uint64(6), np.uint64(63)
_STEP, _STEPS_BITS = np.uint64(1 << 32), np.uint64(((1 << 32) - 1) << 32)
_DE_BRUIJN = np.uint64(0x03F79D71B4CB0A89)
_DE_BRUIJN_SHIFT = np.uint64(58)
_PLACES = np.zeros(64, dtype=np.uint64)
for _bit in range(64):
    _PLACES[((1 << _bit) * 0x03F79D71B4CB0A89 & (1 << 64) - 1) >> 58] = _bit


class Rows(NamedTuple):
    """Links, grouped into rows (compressed sparse rows)."""

    #: int64[r + 1]: where each row begins.
    offsets: Ids
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


class Rules(NamedTuple):
    """How influence crosses links."""

    #: uint8[r, 16]: influence bits, by relation and by the bits before.
    crossing: NDArray[np.uint8]
    #: bool[r]: by relation.
    certain: NDArray[np.bool_]


@njit(cache=True, inline="always")
def _lowest(bits: np.uint64) -> np.uint64:
    """The place of the lowest set bit (de Bruijn multiplication)."""
    return np.uint64(_PLACES[((bits & (~bits + _ONE)) * _DE_BRUIJN) >> _DE_BRUIJN_SHIFT])


@njit(cache=True)
def _over(ended: NDArray[np.uint32], until: Ids, link: np.uint64, as_of: int) -> bool:
    """Whether a link that has ended had done so by a moment."""
    return bool(until[np.searchsorted(ended, np.uint32(link))] <= as_of)


@njit(cache=True, inline="always")
def _begin(  # noqa: PLR0913, PLR0917 - what a sweep writes on
    sources: Numbers, places: Numbers, held: np.uint64, state: Words, seen: Words, pending: Words
) -> tuple[np.uint64, np.uint64]:
    """Write the sources down; returns the first and the last word with a bit."""
    first, last = np.uint64(seen.shape[0]), _NONE
    for source in sources:
        number = np.uint64(source)
        place = np.uint64(places[number]) if number < held else number
        state[number, STEPS], state[number, CERTAIN_STEPS] = place, place
        state[number, RANK], state[number, MASK] = _NONE, _ONE
        seen[number >> _SIX] |= _ONE << (number & _LOW_BITS)
        pending[number >> _SIX] |= _ONE << (number & _LOW_BITS)
        first, last = min(first, number >> _SIX), max(last, number >> _SIX)
    return first, last


@njit(cache=True, nogil=True)
def sweep(  # noqa: C901, PLR0912, PLR0913, PLR0915, PLR0917 - one loop, compiled as a whole
    sources: Numbers,
    places: Numbers,
    links: Rows,
    fresh: FreshRows,
    moment: Moment,
    rules: Rules,
    state: Words,
) -> tuple[Numbers, bool]:
    """Reach everything from ``sources``.

    Args:
        sources: int32[k], numbers without repetition.
        places: int32[n], the place of each numbered node among all ids.
        links: One row a node of the snapshot.
        fresh: What is newer.
        moment: When to look.
        rules: What crosses a link.
        state: uint64[n, 4], scratch; needs no initial value, and is filled where a node is reached.

    Returns:
        int32[r], the numbers of the reached nodes, rising; and whether their ranks are right. If
        not, there is a cycle, or so many links lead back that they are better computed apart.
    """
    offsets, targets, labels, ended, until = links
    has_row, nodes, instead, (new_offsets, new_targets, new_labels, new_ended, new_until) = fresh
    (latest, as_of), (crossing, certain) = moment, rules
    words, held = has_row.shape[0], np.uint64(offsets.shape[0] - 1)
    seen, pending = np.zeros(words, dtype=np.uint64), np.zeros(words, dtype=np.uint64)
    count, turns = len(sources), 0
    turned, ranking = False, True
    if count == 0:
        return np.empty(0, dtype=np.int32), True
    first, last = _begin(sources, places, held, state, seen, pending)
    word = first
    while word <= last:
        bits = pending[word]
        if bits == _NONE:
            word += _ONE
            continue
        turns += 1
        here = (word << _SIX) + _lowest(bits)
        pending[word] = bits & (bits - _ONE)
        place = np.uint64(places[here]) if here < held else here
        mask, rank = state[here, MASK], state[here, RANK] + _ONE
        steps = (state[here, STEPS] & _STEPS_BITS) + _STEP | place
        sure_steps = state[here, CERTAIN_STEPS]
        sure_steps = FAR if sure_steps == FAR else (sure_steps & _STEPS_BITS) + _STEP | place
        begin, end, more, more_begin = _NONE, _NONE, _NONE, _NONE
        if here < held:
            begin, end = np.uint64(offsets[here]), np.uint64(offsets[here + _ONE])
        if has_row[word] >> (here & _LOW_BITS) & _ONE:
            row = np.searchsorted(nodes, np.int32(here))
            more_begin = np.uint64(new_offsets[row])
            more = np.uint64(new_offsets[row + 1]) - more_begin
            begin = end if instead[row] else begin
        turn_back = word
        for number in range(begin, end + more):
            if number < end:
                label, there = labels[number], np.uint64(targets[number])
                if label & ENDED_BIT and (
                    latest == NOW or _over(ended, until, np.uint64(number), as_of)
                ):
                    continue
            else:
                link = number - end + more_begin
                label, there = new_labels[link], np.uint64(new_targets[link])
                if label & ENDED_BIT and (
                    latest == NOW or _over(new_ended, new_until, link, as_of)
                ):
                    continue
            if (label >> MOMENT_SHIFT) > latest:
                continue
            relation = label & RELATION_BITS
            arriving = np.uint64(crossing[relation, mask])
            sure = sure_steps if certain[relation] else FAR
            there_word, bit = there >> _SIX, _ONE << (there & _LOW_BITS)
            last = max(last, there_word)
            was_seen = seen[there_word]
            seen[there_word] = was_seen | bit
            # What was written there before the first visit means nothing.
            is_new = was_seen & bit == _NONE
            count += is_new
            known, known_sure = state[there, STEPS], state[there, CERTAIN_STEPS]
            known_rank, known_mask = state[there, RANK], state[there, MASK]
            known, known_sure = (FAR if is_new else known), (FAR if is_new else known_sure)
            known_rank = _NONE if is_new else known_rank
            known_mask = _NONE if is_new else known_mask
            state[there, STEPS] = min(known, steps)
            state[there, CERTAIN_STEPS] = min(known_sure, sure)
            state[there, RANK] = max(known_rank, rank)
            state[there, MASK] = known_mask | arriving
            if there < here or turned:
                # It may have had its turn already, and needs another one if this is news to it.
                turned = True
                if (
                    (known_mask | arriving) != known_mask
                    or steps & _STEPS_BITS < known & _STEPS_BITS
                    or sure & _STEPS_BITS < known_sure & _STEPS_BITS
                    or (ranking and rank > known_rank)
                ):
                    pending[there_word] |= bit
                    turn_back = min(turn_back, there_word)
                    first = min(first, there_word)
            else:
                pending[there_word] |= bit
        word = turn_back
        ranking = ranking and not (turned and turns > _TURNS * count + _MORE_TURNS)
    return _numbers_in(seen, first, last, count), ranking


@njit(cache=True, inline="always")
def _numbers_in(seen: Words, first: np.uint64, last: np.uint64, count: int) -> Numbers:
    """The places of the set bits, rising."""
    numbers = np.empty(count, dtype=np.int32)
    filled = 0
    for word in range(first, last + _ONE):
        bits = seen[word]
        while bits != _NONE:
            numbers[filled] = (word << _SIX) + _lowest(bits)
            filled += 1
            bits &= bits - _ONE
    return numbers


@njit(cache=True, nogil=True)
def packed(
    numbers: Numbers, state: Words
) -> tuple[NDArray[np.uint8], Numbers, NDArray[np.bool_], Numbers, Numbers]:
    """Take the rows of some nodes out of ``state``, one array a column.

    Returns:
        Influence bits, ranks, whether a path of certain links leads there, and the places of the
        nodes before, over all links and over certain ones.
    """
    count = numbers.shape[0]
    masks, ranks = np.empty(count, dtype=np.uint8), np.empty(count, dtype=np.int32)
    certain = np.empty(count, dtype=np.bool_)
    before, before_certain = np.empty(count, dtype=np.int32), np.empty(count, dtype=np.int32)
    for row in range(count):
        number = np.uint64(numbers[row])
        masks[row], ranks[row] = state[number, MASK], state[number, RANK]
        certain[row] = state[number, CERTAIN_STEPS] != FAR
        before[row] = state[number, STEPS] & ~_STEPS_BITS
        before_certain[row] = state[number, CERTAIN_STEPS] & ~_STEPS_BITS
    return masks, ranks, certain, before, before_certain


@njit(cache=True, nogil=True)
def counts(  # noqa: C901 - one loop, compiled as a whole
    sources: Numbers, links: Rows, moment: Moment, bits: Words, into: Ids
) -> bool:
    """How many nodes each of up to ``64 * w`` sources reaches, itself included, in one sweep.

    Args:
        sources: int32[k], numbers.
        links: One row a node.
        moment: When to look.
        bits: uint64[n, w], zero; which sources reach each node; zero again afterwards.
        into: int64[k], the answer.

    Returns:
        Whether a link led back, so that the answer is of no use.
    """
    offsets, targets, labels, ended, until = links
    latest, as_of = moment
    width, count = bits.shape[1], offsets.shape[0] - 1
    first, led_back = count, False
    for number in range(sources.shape[0]):
        bits[sources[number], number >> 6] |= _ONE << (np.uint64(number) & _LOW_BITS)
        first = min(first, sources[number])
    for here in range(first, count):
        touched = False
        for w in range(width):
            word = bits[here, w]
            while word != _NONE:
                touched = True
                into[(w << 6) + np.int64(_lowest(word))] += 1
                word &= word - _ONE
        if not touched:
            continue
        for number in range(offsets[here], offsets[here + 1]):
            label, there = labels[number], targets[number]
            if (label >> MOMENT_SHIFT) > latest:
                continue
            if label & ENDED_BIT and (
                latest == NOW or _over(ended, until, np.uint64(number), as_of)
            ):
                continue
            led_back |= there < here
            for w in range(width):
                bits[there, w] |= bits[here, w]
        for w in range(width):
            bits[here, w] = _NONE
    return led_back
