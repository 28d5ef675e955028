"""Knowledge from one value a node: for graphs that fit into memory as such, and for tests."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from lineage.closure.links import CODES
from lineage.codes import KIND_CODES, STATE_CODES, Trait
from lineage.gaps.knowledge import Details, Ids, Knowledge, LaterUse, UnendedRun, places_in
from lineage.graph import Edge, Node


@dataclass(frozen=True, kw_only=True)
class KnownArtifact:
    """A node with what the gap rules ask of it; see :class:`lineage.gaps.Details`."""

    node: Node
    #: It was only ever named by others; its own source never showed it.
    placeholder: bool = False
    missing_run: str = ""
    missing_models: tuple[str, ...] = ()
    #: Of a product: every URL that the registry gives for it.
    endpoints: tuple[str, ...] = ()
    #: Of a recipient: how to tell it anything.
    contact: str = ""
    unread_because: str = ""
    #: It was said that copies exist, in words that nobody can read.
    unreadable_copies: bool = False
    #: The run that made it, or empty.
    made_by: str = ""
    other_digests: tuple[str, ...] = ()
    unseen_since: datetime | None = None
    later_use: LaterUse | None = None


@dataclass(frozen=True, kw_only=True)
class KnownActivity:
    """A run with what the gap rules ask of it."""

    name: str
    ended: bool
    #: Node ids that it read.
    used: tuple[int, ...] = ()


def knowledge_of(
    artifacts: Iterable[KnownArtifact],
    edges: Iterable[Edge] = (),
    activities: Iterable[KnownActivity] = (),
) -> Knowledge:
    """Lay a graph out in columns.

    Args:
        artifacts: Each node once, in any order.
        edges: Those that hold, between these nodes.
        activities: All runs.

    Raises:
        ValueError: An edge leads to or from no node.
    """
    known = sorted(artifacts, key=lambda item: item.node.id)
    ids = np.array([item.node.id for item in known], dtype=np.int64)
    listed = list(edges)
    names = {item.node.id: item.node.name for item in known}
    return Knowledge(
        ids=ids,
        kinds=np.array([KIND_CODES[item.node.kind] for item in known], dtype=np.uint8),
        states=np.array([STATE_CODES[item.node.state] for item in known], dtype=np.uint8),
        traits=np.array([_traits(item) for item in known], dtype=np.uint8),
        upstream=_ends(ids, [edge.upstream for edge in listed]),
        downstream=_ends(ids, [edge.downstream for edge in listed]),
        relation=np.array([CODES[edge.relation] for edge in listed], dtype=np.uint8),
        names=lambda wanted: [names[node] for node in wanted],
        details=_details(known),
        runs=tuple(UnendedRun(name=run.name, used=run.used) for run in activities if not run.ended),
    )


def _ends(ids: Ids, wanted: Sequence[int]) -> Ids:
    sought = np.array(wanted, dtype=np.int64)
    places = places_in(ids, sought)
    if (places < 0).any():
        raise ValueError(f"An edge names node {sought[places < 0][0]}, which is not given.")
    return places


def _traits(item: KnownArtifact) -> int:
    told = {
        Trait.INDEXED: item.node.indexed,
        Trait.PLACEHOLDER: item.placeholder,
        Trait.UNREADABLE_COPIES: item.unreadable_copies,
        Trait.CONTACT: bool(item.contact),
        Trait.MAKER: bool(item.made_by),
    }
    return sum(trait for trait, holds in told.items() if holds)


def _details(known: Sequence[KnownArtifact]) -> Details:
    return Details(
        missing_run={i.node.id: i.missing_run for i in known if i.missing_run},
        missing_models={i.node.id: i.missing_models for i in known if i.missing_models},
        endpoints={i.node.id: i.endpoints for i in known if len(i.endpoints) > 1},
        unread_because={i.node.id: i.unread_because for i in known if i.unread_because},
        other_digests={i.node.id: i.other_digests for i in known if i.other_digests},
        unseen_since={i.node.id: i.unseen_since for i in known if i.unseen_since},
        later_uses={i.node.id: i.later_use for i in known if i.later_use},
    )
