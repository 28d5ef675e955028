"""All paths by which something reached one artifact."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, pairwise
from typing import Any

from django.db import transaction

from lineage.closure.propagation import carrying_edges
from lineage.errors import ArtifactNotFound
from lineage.graph import PROPAGATION, Edge, Node, Relation
from lineage.paths import simple_paths
from lineage.selectors.answers import newest_moment
from lineage.selectors.knowledge import read_graph
from lineage.selectors.starts import Asked, start_of
from lineage.services.graph import lock_graph


@dataclass(frozen=True, kw_only=True)
class Paths:
    """The paths to one artifact."""

    to: Node
    #: The moment of which they hold; None where nothing was ever recorded.
    as_of: datetime | None
    snapshot_hash: str
    #: Found one at a time while they are read; there may be more than can ever be read.
    paths: Iterator[tuple[int, ...]]
    #: What lies on them, by id.
    nodes: dict[int, Node]
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
    with transaction.atomic():
        lock_graph()
        graph = read_graph(as_of).snapshot
        start = start_of(asked, as_of)
        moment = as_of or newest_moment()
    edges = carrying_edges(graph)
    nodes = {node.id: node for node in graph.nodes}
    paths = simple_paths(edges, start.sources(graph.edges), to)
    first = next(paths, None)
    if first is None or to not in nodes:
        detail = f"No path leads from what was asked about to an artifact with the id {to}."
        raise ArtifactNotFound(detail)
    return Paths(
        to=nodes[to],
        as_of=moment,
        snapshot_hash=graph.hash(),
        paths=chain([first], paths),
        nodes=nodes,
        relations=_relations(edges),
    )


def path_document(found: Paths, path: tuple[int, ...]) -> dict[str, Any]:
    """Render one path.

    Keys: ``certainty`` (``certain`` where each step is) and ``path`` (id, kind, name, and
    ``relations`` to the artifact before it, empty for the first).
    """
    steps = [found.relations[step] for step in pairwise(path)]
    certain = all(any(PROPAGATION[each].certainty == "certain" for each in step) for step in steps)
    return {
        "certainty": "certain" if certain else "possible",
        "path": [
            _named(found.nodes[node]) | {"relations": [each.value for each in step]}
            for node, step in zip(path, [[], *steps], strict=True)
        ],
    }


def paths_document(found: Paths) -> dict[str, Any]:
    """Render what holds for all the paths: ``to``, ``as_of`` and ``snapshot_hash``."""
    return {
        "to": _named(found.to),
        "as_of": found.as_of.astimezone(UTC).isoformat() if found.as_of else None,
        "snapshot_hash": found.snapshot_hash,
    }


def _named(node: Node) -> dict[str, Any]:
    return {"id": node.id, "kind": node.kind.value, "name": node.name}


def _relations(edges: list[Edge]) -> dict[tuple[int, int], list[Relation]]:
    found: dict[tuple[int, int], list[Relation]] = {}
    for edge in edges:
        found.setdefault((edge.upstream, edge.downstream), []).append(edge.relation)
    return found
