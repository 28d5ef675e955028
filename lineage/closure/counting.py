"""How many nodes each of many sources reaches: compiled, 64 sources a word."""

import numpy as np
from numba import njit

from lineage.closure.kernels import (
    ENDED_BIT,
    LOW_BITS,
    MOMENT_SHIFT,
    NONE,
    NOW,
    ONE,
    Ids,
    Moment,
    Numbers,
    Rows,
    Words,
    lowest,
    over,
)


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
        bits[sources[number], number >> 6] |= ONE << (np.uint64(number) & LOW_BITS)
        first = min(first, sources[number])
    for here in range(first, count):
        touched = False
        for w in range(width):
            word = bits[here, w]
            while word != NONE:
                touched = True
                into[(w << 6) + np.int64(lowest(word))] += 1
                word &= word - ONE
        if not touched:
            continue
        for number in range(offsets[here], offsets[here + 1]):
            label, there = labels[number], targets[number]
            if (label >> MOMENT_SHIFT) > latest:
                continue
            if label & ENDED_BIT and (
                latest == NOW or over(ended, until, np.uint64(number), as_of)
            ):
                continue
            led_back |= there < here
            for w in range(width):
                bits[there, w] |= bits[here, w]
        for w in range(width):
            bits[here, w] = NONE
    return led_back
