"""A large graph as rows of an installation: models upon models, and people in their first data."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import psycopg

from bench.kit.graphs import BigGraph
from lineage.closure.links import NEVER
from lineage.graph import Relation

#: Relations of the first, second, … link into each artifact, again and again.
_RELATIONS = (
    Relation.TRAINED_ON,
    Relation.FINE_TUNED_FROM,
    Relation.FINE_TUNED_FROM,
    Relation.DISTILLED_FROM,
)
#: One artifact in so many names no model that it was fine-tuned from: a gap.
_PER_GAP = 10_000
_TABLES = """
CREATE TEMPORARY TABLE bench_node (number bigint, source boolean) ON COMMIT DROP;
CREATE TEMPORARY TABLE bench_edge (upstream bigint, downstream bigint, relation text)
    ON COMMIT DROP;
"""
# A data set stands at the beginning of each line of work, with one segment; all else are models.
_NODES = """
INSERT INTO lineage_artifact (id, kind, name, identity, digest, location, state, attributes, stamps,
    recorded_at, indexed_at)
SELECT number, CASE WHEN source THEN 'dataset_version' ELSE 'fine_tune' END, 'artifact ' || number,
    'bench:' || number, 'sha256:' || md5(number::text), '', 'current', '{}', '{}', now(),
    CASE WHEN source THEN now() END
FROM bench_node ORDER BY number;
INSERT INTO lineage_artifact (id, kind, name, identity, digest, location, state, attributes, stamps,
    recorded_at)
SELECT %(count)s + row_number() OVER (ORDER BY number), 'segment', 'segment of ' || number,
    'segment:bench:' || number, 'sha256:' || md5(number::text), '', 'current', '{}', '{}', now()
FROM bench_node WHERE source;
INSERT INTO lineage_derivation (upstream_id, downstream_id, relation, recorded_at)
SELECT %(count)s + row_number() OVER (ORDER BY number), number, 'part_of', now()
FROM bench_node WHERE source;
"""
_EDGES = """
INSERT INTO lineage_derivation (upstream_id, downstream_id, relation, recorded_at)
SELECT DISTINCT upstream, downstream, relation, now() FROM bench_edge
"""
_REST = """
SELECT setval(pg_get_serial_sequence('lineage_artifact', 'id'), max(id)) FROM lineage_artifact;
ANALYZE lineage_artifact, lineage_derivation, lineage_artifactrevision, lineage_derivationrevision;
"""


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """Ids of a data set and of its one segment."""

    id: int
    segment: int


def load_graph(
    connection: "psycopg.Connection[tuple[Any, ...]]", graph: BigGraph
) -> dict[int, Dataset]:
    """Write a graph into the tables of an installation, whose triggers write its history.

    Returns:
        The data set at the beginning of each line of work, by its number in the graph.
    """
    sources = np.sort(graph.sources)
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute(_TABLES)
        with cursor.copy("COPY bench_node FROM STDIN") as copy:
            first = np.isin(graph.nodes, sources)
            for number, source in zip(graph.nodes.tolist(), first.tolist(), strict=True):
                copy.write_row((number + 1, source))
        with cursor.copy("COPY bench_edge FROM STDIN") as copy:
            for row in zip(*_columns(graph), strict=True):
                copy.write_row(row)
        for statement in (_NODES % {"count": len(graph.nodes)}).split(";"):
            if statement.strip():
                cursor.execute(statement)
        cursor.execute(_EDGES)
    for statement in _REST.split(";"):
        if statement.strip():
            connection.execute(statement)
    begin = len(graph.nodes) + 1
    return {
        source: Dataset(id=source + 1, segment=begin + place)
        for place, source in enumerate(sources.tolist())
    }


def _columns(graph: BigGraph) -> tuple[list[int], list[int], list[str]]:
    """Upstream and downstream ids and relation of the links that hold."""
    kept = graph.links.until == NEVER
    upstream, downstream = graph.links.upstream[kept], graph.links.downstream[kept]
    order = np.argsort(downstream, kind="stable")
    upstream, downstream = upstream[order], downstream[order]
    number = np.arange(len(downstream)) - np.searchsorted(downstream, downstream)
    number[downstream % _PER_GAP == 0] = 0
    names = [relation.value for relation in _RELATIONS]
    return (
        (upstream + 1).tolist(),
        (downstream + 1).tolist(),
        [names[each] for each in (number % len(names)).tolist()],
    )
