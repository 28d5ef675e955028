"""What lies upstream of what is in use: two passes over the links and one walk among the rest."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import breadth_first_order

Mask = NDArray[np.bool_]
Places = NDArray[np.integer]


def ends(places: Places, count: int) -> Mask:
    """Which of so many nodes stand at these places."""
    found = np.zeros(count, dtype=np.bool_)
    found[places] = True
    return found


def in_use(current: Mask, upstream: Places, downstream: Places) -> Mask:
    """The current nodes, and everything that they came from by any number of links.

    Only links between nodes that are not current are walked along: what leads into a current node
    is in use already. So the walk is as small as the past, and takes one step a node and a link
    however long its chains are.

    Args:
        current: Which nodes are.
        upstream: Place of the node that each carrying link leads from.
        downstream: Place of the node that it leads to.
    """
    past = ~current
    from_past = past[upstream]
    into_current = current[downstream]
    found = ends(upstream[from_past & into_current], len(current))
    between = np.flatnonzero(from_past & ~into_current)
    if not len(between) or not found.any():
        return current | found
    return current | _reached(found, upstream[between], downstream[between])


def behind(used: Mask, upstream: Places, downstream: Places) -> Mask:
    """What something in use came from.

    Args:
        used: What :func:`in_use` gave for the same links.
        upstream: As there.
        downstream: As there.
    """
    return ends(upstream[used[downstream]], len(used))


def _reached(starts: Mask, upstream: Places, downstream: Places) -> Mask:
    """Everything upstream of the starts, themselves included."""
    count = len(starts)
    begun = np.flatnonzero(starts)
    # One more node, from which links lead to all starts, makes one walk of many.
    rows = np.concatenate([downstream, np.full(len(begun), count)])
    columns = np.concatenate([upstream, begun])
    links = coo_array((np.ones(len(rows)), (rows, columns)), shape=(count + 1, count + 1))
    met = breadth_first_order(links.tocsr(), count, return_predecessors=False)
    return ends(met, count + 1)[:count]
