"""All paths by which something reached one artifact."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import numpy as np

from lineage.closure.links import RELATIONS
from lineage.errors import ArtifactNotFound
from lineage.graph import PROPAGATION, Edge, Relation
from lineage.paths import simple_paths
from lineage.selectors.answers import held_moment
from lineage.selectors.documents import named
from lineage.selectors.standing import graph_at, standing_graph
from lineage.selectors.starts import Asked, start_of


@dataclass(frozen=True, kw_only=True)
class Paths:
    """The paths to one artifact."""

    #: Its id.
    to: int
    #: The moment of which they hold; None where nothing was ever recorded.
    as_of: datetime | None
    snapshot_hash: str
    #: Found one at a time while they are read; there may be more than can ever be read.
    paths: Iterator[tuple[int, ...]]
    #: How the second of two artifacts came from the first.
    relations: dict[tuple[int, int], list[Relation]]


def paths_to(asked: Asked, to: int, as_of: datetime | None) -> Paths:
    """Find how what was asked about reached one artifact, in use or not.

    Args:
        asked: What a trace was asked about.
        to: Id of an artifact.
        as_of: A past moment; None for now.

    Raises:
        ArtifactNotFound: Nothing of what was asked about reached it.
        RecordNotFound, InvalidInput: As :func:`lineage.selectors.trace` does.
    """
    with held_moment(as_of) as (read_as_of, moment):
        graph = graph_at(read_as_of) if read_as_of else standing_graph()
        sources = start_of(asked, read_as_of).sources
    reached = graph.engine.trace(sources).nodes
    if to not in reached.tolist():
        detail = f"No path leads from what was asked about to an artifact with the id {to}."
        raise ArtifactNotFound(detail)
    links = graph.engine.links_from(np.sort(reached))
    relations = _relations(links.upstream, links.downstream, links.relation)
    edges = [
        Edge(upstream=up, downstream=down, relation=each)
        for (up, down), step in relations.items()
        for each in step
    ]
    return Paths(
        to=to,
        as_of=moment,
        snapshot_hash=graph.hash,
        paths=simple_paths(edges, sources.intersection(reached.tolist()), to),
        relations=relations,
    )


def path_document(found: Paths, path: Sequence[int]) -> dict[str, Any]:
    """Render one path.

    Keys: ``certainty`` (``certain`` where each step is) and ``path`` (id, kind, name, and
    ``relations`` to the artifact before it, empty for the first).
    """
    steps = [found.relations[step] for step in pairwise(path)]
    certain = all(any(PROPAGATION[each].certainty == "certain" for each in step) for step in steps)
    nodes = named(path, found.as_of)
    return {
        "certainty": "certain" if certain else "possible",
        "path": [
            node | {"relations": [each.value for each in step]}
            for node, step in zip(nodes, [[], *steps], strict=True)
        ],
    }


def paths_document(found: Paths) -> dict[str, Any]:
    """Render what holds for all the paths: ``to``, ``as_of`` and ``snapshot_hash``."""
    (to,) = named([found.to], found.as_of)
    return {
        "to": to,
        "as_of": found.as_of.astimezone(UTC).isoformat() if found.as_of else None,
        "snapshot_hash": found.snapshot_hash,
    }


def _relations(*columns: Any) -> dict[tuple[int, int], list[Relation]]:  # noqa: ANN401 - columns of three types
    found: dict[tuple[int, int], list[Relation]] = {}
    for up, down, code in sorted(zip(*(column.tolist() for column in columns), strict=True)):
        found.setdefault((up, down), []).append(RELATIONS[code])
    return found
