"""All that the gap rules look at, as columns: one row a node, one row an edge.

A rule is a sentence over masks (``known.of_kind(MODELS) & known.in_use``), so that a million nodes
take milliseconds; names and other words are looked up for the few suspects that are left.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lineage.closure.links import CODES, RELATIONS
from lineage.codes import KIND_CODES, KINDS, STATE_CODES, Trait
from lineage.gaps import walk
from lineage.gaps.walk import Mask, Places
from lineage.graph import PROPAGATION, ArtifactKind, Relation

Ids = NDArray[np.int64]
Codes = NDArray[np.uint8]

#: Relations that carry an influence.
CARRYING = tuple(relation for relation in RELATIONS if PROPAGATION[relation].influence is not None)


@dataclass(frozen=True, kw_only=True)
class LaterUse:
    """That something was used although it had been destroyed."""

    #: The first time.
    at: datetime
    #: Name of the run, or empty where none is known.
    run: str


@dataclass(frozen=True, kw_only=True)
class Details:
    """What is known of few nodes, by node id."""

    #: The run that made it, by its name in the source, when that run cannot be read.
    missing_run: Mapping[int, str] = field(default_factory=dict)
    #: Models that a product says it serves and that cannot be found.
    missing_models: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    #: Of products: every URL that the registry gives for it, where it gives more than one.
    endpoints: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    #: Why its rows could not be read, in one sentence.
    unread_because: Mapping[int, str] = field(default_factory=dict)
    #: Digests of other content than the recorded one that was seen under the same identity.
    other_digests: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    #: When its source last showed it, where that is too long ago.
    unseen_since: Mapping[int, datetime] = field(default_factory=dict)
    #: What used it after it was destroyed.
    later_uses: Mapping[int, LaterUse] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class UnendedRun:
    """A run that started and never reported its end."""

    name: str
    #: Node ids that it read.
    used: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class Knowledge:
    """The nodes, all edges that hold, and the runs without an end."""

    #: int64[n]: node ids, rising.
    ids: Ids
    #: uint8[n]: codes of :data:`lineage.codes.KINDS` and :data:`lineage.codes.STATES`.
    kinds: Codes
    states: Codes
    #: uint8[n]: :class:`lineage.codes.Trait`.
    traits: Codes
    #: int32[m]: places among the ids, in any order.
    upstream: Places
    downstream: Places
    #: uint8[m]: codes of :data:`lineage.closure.links.RELATIONS`.
    relation: Codes
    #: The names of some nodes, by their ids and in their order. Asked once, for suspects only.
    names: Callable[[Sequence[int]], Sequence[str]]
    details: Details = field(default_factory=Details)
    runs: tuple[UnendedRun, ...] = ()

    def of_kind(self, kinds: Iterable[ArtifactKind]) -> Mask:
        """Which nodes are of one of these kinds."""
        wanted = walk.ends(np.array([KIND_CODES[kind] for kind in kinds]), len(KINDS))
        found: Mask = wanted[self.kinds]
        return found

    def kind_at(self, place: int) -> ArtifactKind:
        """What one node is."""
        return KINDS[int(self.kinds[place])]

    def has(self, trait: Trait) -> Mask:
        """Of which nodes something is true."""
        found: Mask = (self.traits & np.uint8(trait)) != 0
        return found

    def noted(self, details: Mapping[int, object]) -> Mask:
        """Of which nodes some detail is known."""
        wanted = np.fromiter(details, dtype=np.int64, count=len(details))
        places = places_in(self.ids, wanted)
        return walk.ends(places[places >= 0], len(self.ids))

    def has_upstream(self, relations: Iterable[Relation]) -> Mask:
        """Into which nodes an edge of one of these relations leads."""
        return walk.ends(self._edges(relations)[1], len(self.ids))

    def has_downstream(self, relations: Iterable[Relation], among: Mask) -> Mask:
        """From which nodes such an edge leads to one of some others."""
        upstream, downstream = self._edges(relations)
        return walk.ends(upstream[among[downstream]], len(self.ids))

    def upstreams(self, relations: Iterable[Relation]) -> NDArray[np.int64]:
        """How many such edges lead into each node."""
        return np.bincount(self._edges(relations)[1], minlength=len(self.ids))

    @property
    def placeholder(self) -> Mask:
        """Which nodes were only ever named by others."""
        return self.has(Trait.PLACEHOLDER)

    @cached_property
    def current(self) -> Mask:
        """Which nodes were neither replaced nor destroyed."""
        current: Mask = self.states == STATE_CODES["current"]
        return current

    @cached_property
    def in_use(self) -> Mask:
        """Which nodes are current, or behind something that is, as a model behind its product."""
        return walk.in_use(self.current, *self._carrying)

    @cached_property
    def behind(self) -> Mask:
        """What something in use came from, however long ago that was replaced or destroyed.

        A model outlives its sources: what is unknown of them is unknown of the model.
        """
        return walk.behind(self.in_use, *self._carrying)

    @cached_property
    def _carrying(self) -> tuple[Places, Places]:
        return self._edges(CARRYING)

    def _edges(self, relations: Iterable[Relation]) -> tuple[Places, Places]:
        """Both ends of all edges of some relations."""
        upstream, downstream, begins = self._by_relation
        codes = [CODES[relation] for relation in relations]
        parts = [slice(begins[code], begins[code + 1]) for code in codes]
        if len(parts) == 1:
            return upstream[parts[0]], downstream[parts[0]]
        return (
            np.concatenate([upstream[part] for part in parts]),
            np.concatenate([downstream[part] for part in parts]),
        )

    @cached_property
    def _by_relation(self) -> tuple[Places, Places, Ids]:
        """The edges sorted by relation, and where each relation begins."""
        order = np.argsort(self.relation, kind="stable")
        counts = np.bincount(self.relation, minlength=len(RELATIONS))
        begins = np.concatenate([[0], np.cumsum(counts)])
        return self.upstream[order], self.downstream[order], begins


def places_in(ids: Ids, wanted: Ids) -> Ids:
    """The places of ids among others that rise; -1 where one is not there."""
    if not len(ids):
        return np.full(len(wanted), -1, dtype=np.int64)
    places = np.minimum(np.searchsorted(ids, wanted), len(ids) - 1)
    return np.where(ids[places] == wanted, places, -1)
