"""Knowledge of the graph as values that can be compared."""

from dataclasses import fields
from datetime import datetime
from typing import Any

import numpy as np

from lineage.closure.standing import StandingGraph
from lineage.gaps import Knowledge
from lineage.selectors.knowledge import knowledge_of, unseen_since
from lineage.selectors.standing import graph_at, standing_graph


def told(known: Knowledge) -> dict[str, Any]:
    """Every column as a list, edges in order, the names, and what else is known."""
    columns = {field.name: getattr(known, field.name) for field in fields(known)}
    del columns["names"]
    ends = [columns.pop(name).tolist() for name in ("upstream", "downstream", "relation")]
    return {
        name: value.tolist() if isinstance(value, np.ndarray) else value
        for name, value in columns.items()
    } | {
        "named": list(known.names(known.ids.tolist())),
        "edges": sorted(zip(*ends, strict=True)),
    }


def edges_of(graph: StandingGraph) -> list[tuple[int, int, int]]:
    """Upstream and downstream ids and relation of all edges, in order."""
    ids, edges = graph.nodes.ids, graph.edges
    ends = (ids[edges.upstream].tolist(), ids[edges.downstream].tolist(), edges.relation.tolist())
    return sorted(zip(*ends, strict=True))


def knowledge(as_of: datetime | None = None) -> Knowledge:
    """What the gap rules look at, now or as of a moment; call it where the graph may be read."""
    if as_of is not None:
        return knowledge_of(graph_at(as_of), as_of, unseen=None)
    return knowledge_of(standing_graph(), unseen=unseen_since())
