"""Whether an index still knows the records: looked up by id, and searched by the old vectors."""

from collections.abc import Collection
from pathlib import Path

import numpy as np

from unlearning.vectors import VectorIndex
from unlearning.verification import Finding
from unlearning.verification.wording import counted

#: How many neighbours each probe asks for.
NEIGHBOURS = 50
#: Two unit vectors this close are the same vector.
_SAME = 1e-6


def check_vectors_absent(
    *, before_dir: Path, after_dir: Path, record_ids: Collection[str]
) -> Finding:
    """Ask the new index for the forgotten records in every way it can be asked.

    Without a former vector to search with nothing is shown: the finding stays inconclusive.

    Args:
        before_dir: The index as it was; its vectors of the records are the probes.
        after_dir: The index as it is.
        record_ids: The forget set.
    """
    before, after = VectorIndex.load(before_dir), VectorIndex.load(after_dir)
    probes = sorted(set(before.ids) & set(record_ids))
    found = sorted(set(after.ids) & set(record_ids))
    equal = 0
    for probe in probes:
        vector = before.vector(probe)
        nearest = after.search(vector, k=NEIGHBOURS)
        found += [name for name, _ in nearest if name in record_ids]
        distances = np.linalg.norm(after.vectors - vector, axis=1)
        equal += int((distances < _SAME).sum())
    if found:
        summary = f"The index still holds {counted(len(set(found)), 'record')}."
    elif probes:
        summary = (
            f"Searched for {counted(len(probes), 'removed vector')} by id and by nearness: none is "
            f"found. Of other records, {counted(equal, 'vector')} equal to a removed one: kept."
        )
    else:
        summary = "Not established: the former index held no vector to search with."
    return Finding(
        kind="vectors_absent",
        outcome="failed" if found else "passed" if probes else "inconclusive",
        summary=summary,
        payload={
            "probes": len(probes),
            "found": len(set(found)),
            "equal_vectors_of_others": equal,
            "vectors_before": len(before.ids),
            "vectors_after": len(after.ids),
        },
    )
