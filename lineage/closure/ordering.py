"""An order in which artifacts stand behind what they came from, and near what came of them."""

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Numbers = NDArray[np.int32]
Ids = NDArray[np.int64]


@njit(cache=True)
def grouped(rows: Numbers, count: int) -> tuple[Ids, Ids]:
    """Sort by row, keeping the order within one (counting sort).

    Args:
        rows: int32[m], numbers below ``count``.
        count: How many rows there are.

    Returns:
        int64[count + 1], where each row begins, and int64[m], the order.
    """
    offsets = np.zeros(count + 1, dtype=np.int64)
    for row in rows:
        offsets[row + 1] += 1
    offsets = np.cumsum(offsets)
    filled = offsets[:-1].copy()
    order = np.empty(rows.shape[0], dtype=np.int64)
    for number in range(rows.shape[0]):
        order[filled[rows[number]]] = number
        filled[rows[number]] += 1
    return offsets, order


@njit(cache=True)
def numbering(offsets: Ids, targets: Numbers) -> Numbers:
    """Number nodes in reverse postorder of a depth-first walk (Tarjan, 1972).

    Links lead forward then, but for one or more of each cycle; and what came of a node stands
    close behind it, so that a walk through memory stays close too.

    Args:
        offsets: int64[n + 1], where the links of each node begin.
        targets: int32[m], the places that they lead to.

    Returns:
        int32[n], the number of each node.
    """
    count = offsets.shape[0] - 1
    numbers = np.full(count, -1, dtype=np.int32)
    entered = np.zeros(count, dtype=np.bool_)
    following = offsets[:-1].copy()
    stack = np.empty(count, dtype=np.int32)
    last = count
    for root in range(count):
        if entered[root]:
            continue
        entered[root] = True
        stack[0] = root
        depth = 1
        while depth:
            node = stack[depth - 1]
            if following[node] == offsets[node + 1]:
                depth -= 1
                last -= 1
                numbers[node] = last
                continue
            there = targets[following[node]]
            following[node] += 1
            if not entered[there]:
                entered[there] = True
                stack[depth] = there
                depth += 1
    return numbers


def ranks_and_cycles(
    count: int, upstream: Numbers, downstream: Numbers
) -> tuple[Numbers, list[Ids]]:
    """The longest chain to each node, a cycle counting as one, and the cycles.

    Cycles are strongly connected components of more than one node.
    """
    links = coo_array(
        (np.ones(len(upstream), dtype=np.bool_), (upstream, downstream)), shape=(count, count)
    )
    _, found = connected_components(links.tocsr(), directed=True, connection="strong")
    groups: Numbers = np.asarray(found, dtype=np.int32)
    ranks: Numbers = _longest_chains(int(groups.max()) + 1, groups[upstream], groups[downstream])
    sizes = np.bincount(groups)
    cycles = [np.flatnonzero(groups == group) for group in np.flatnonzero(sizes > 1)]
    return ranks[groups], cycles


@njit(cache=True)
def _longest_chains(count: int, upstream: Numbers, downstream: Numbers) -> Numbers:
    """Longest chain that leads to each group of a graph without cycles (Kahn's algorithm).

    Args:
        count: Number of groups.
        upstream: int32[m], the groups that links lead from; one within a group is left out.
        downstream: int32[m], the groups that they lead to.

    Returns:
        int32[count]; 0 for groups into which nothing leads.
    """
    between = upstream != downstream
    upstream, downstream = upstream[between], downstream[between]
    offsets, order = grouped(upstream, count)
    waits = np.zeros(count, dtype=np.int32)
    for there in downstream:
        waits[there] += 1
    ranks = np.zeros(count, dtype=np.int32)
    ready = np.empty(count, dtype=np.int32)
    filled = 0
    for group in range(count):
        if waits[group] == 0:
            ready[filled] = group
            filled += 1
    taken = 0
    while taken < filled:
        group = ready[taken]
        taken += 1
        for number in range(offsets[group], offsets[group + 1]):
            there = downstream[order[number]]
            ranks[there] = max(ranks[there], ranks[group] + 1)
            waits[there] -= 1
            if waits[there] == 0:
                ready[filled] = there
                filled += 1
    return ranks
