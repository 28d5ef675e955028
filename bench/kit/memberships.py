"""Memberships drawn from a seed: a few people have very many records, most have one or two."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lineage.membership.grouping import DIGEST_SIZE, Digests, Numbers

#: Memberships of a data subject, on average.
MEAN = 5
#: People in a segment, on average.
_IN_SEGMENT = 500
#: Shape of the Pareto distribution of memberships, and the most a person has, in means.
_SHAPE, _MOST = 1.5, 1_000
_AT_ONCE = 1_000_000


@dataclass(frozen=True, kw_only=True, eq=False)
class Memberships:
    """Pairs in the order in which datasets tell them: segment by segment."""

    #: uint8[s, 16], one a data subject.
    digests: Digests
    #: int32[n]: whose each membership is, and its segment.
    own: Numbers
    segments: Numbers
    #: The same as pairs, in parts.
    parts: tuple[tuple[Digests, Numbers], ...]

    def __len__(self) -> int:
        """How many memberships there are."""
        return len(self.segments)

    def of(self, subjects: NDArray[np.int64]) -> dict[bytes, list[int]]:
        """The segments of some subjects, by digest: what every index must answer."""
        chosen = np.isin(self.own, subjects)
        found: dict[bytes, set[int]] = {self.digests[s].tobytes(): set() for s in subjects}
        for own, segment in zip(self.own[chosen], self.segments[chosen], strict=True):
            found[self.digests[own].tobytes()].add(int(segment))
        return {digest: sorted(segments) for digest, segments in found.items()}


def draw_memberships(subjects: int, *, seed: int) -> Memberships:
    """Draw :data:`MEAN` memberships for each of many subjects on average, and at least one each."""
    random = np.random.default_rng(seed)
    weights = np.minimum(random.pareto(_SHAPE, subjects) + 0.1, _MOST)
    counts = 1 + random.multinomial((MEAN - 1) * subjects, weights / weights.sum())
    own = np.repeat(np.arange(subjects, dtype=np.int32), counts)
    random.shuffle(own)
    digests = random.integers(0, 256, (subjects, DIGEST_SIZE), dtype=np.uint8)
    segments = np.sort(
        random.integers(1, max(len(own) // _IN_SEGMENT, 20), len(own), dtype=np.int32)
    )
    return Memberships(
        digests=digests, own=own, segments=segments, parts=tuple(_parts(digests, own, segments))
    )


def later_memberships(before: Memberships, *, seed: int) -> Memberships:
    """Draw a tenth as many again of the same people, in new segments."""
    random = np.random.default_rng(seed + 1)
    count = max(len(before) // 10, 1)
    own = random.choice(before.own, count)
    first = int(before.segments[-1]) + 1
    segments = first + np.arange(count, dtype=np.int32) // _IN_SEGMENT
    return Memberships(
        digests=before.digests,
        own=own,
        segments=segments,
        parts=tuple(_parts(before.digests, own, segments)),
    )


def _parts(digests: Digests, own: Numbers, segments: Numbers) -> Iterator[tuple[Digests, Numbers]]:
    for at in range(0, len(own), _AT_ONCE):
        yield digests[own[at : at + _AT_ONCE]], segments[at : at + _AT_ONCE]
