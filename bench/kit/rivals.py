"""What the closure is measured against: a recursive query, NetworkX, and the machine's memory."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import networkx as nx
import numpy as np
import psycopg
from numba import njit
from numpy.typing import NDArray

from config.embedded.paths import embedded_database_url
from config.embedded.postgres import EmbeddedPostgres
from lineage.closure.links import Ids, Links

_QUERY = """
WITH RECURSIVE reached (id) AS (
    SELECT unnest(%s::bigint[])
    UNION
    SELECT link.downstream FROM reached JOIN link ON link.upstream = reached.id
)
SELECT count(*) FROM reached
"""


class RecursiveQuery:
    """The closure in SQL: one recursive query that joins on node ids, over a covering index."""

    def __init__(self, connection: "psycopg.Connection[tuple[Any, ...]]", links: Links) -> None:
        """Load links; their times are left out, which spares the query a filter."""
        self._connection = connection
        connection.execute("CREATE UNLOGGED TABLE link (upstream bigint, downstream bigint)")
        with connection.cursor().copy("COPY link FROM STDIN (FORMAT binary)") as copy:
            copy.write(_binary_rows(links))
        connection.execute("CREATE INDEX ON link (upstream) INCLUDE (downstream)")
        connection.execute("VACUUM (ANALYZE) link")

    def count(self, sources: Collection[int]) -> int:
        """How many nodes are reached, sources included."""
        [(found,)] = self._connection.execute(_QUERY, [list(sources)])
        return int(found)


def _binary_rows(links: Links) -> bytes:
    """PostgreSQL's binary COPY format: per row two columns of eight bytes each, big-endian."""
    rows = np.empty(
        len(links), dtype=[("n", ">i2"), ("a", ">i4"), ("up", ">i8"), ("b", ">i4"), ("down", ">i8")]
    )
    rows["n"], rows["a"], rows["b"] = 2, 8, 8
    rows["up"], rows["down"] = links.upstream, links.downstream
    return b"PGCOPY\n\xff\r\n\0" + bytes(8) + rows.tobytes() + b"\xff\xff"


@contextmanager
def database() -> Iterator["psycopg.Connection[tuple[Any, ...]]"]:
    """A PostgreSQL of the bench's own, gone at the end."""
    with TemporaryDirectory(prefix="vestige-bench-") as folder:
        home = Path(folder).resolve()
        server = EmbeddedPostgres(home, durable=False)
        server.start()
        try:
            server.create_database("vestige")
            with psycopg.connect(embedded_database_url(home), autocommit=True) as connection:
                connection.execute("SET work_mem = '256MB'")
                connection.execute("SET max_parallel_workers_per_gather = 0")
                yield connection
        finally:
            server.stop()
            server.remove()


def networkx_graph(nodes: Ids, links: Links) -> "nx.DiGraph[int]":
    """The links as a graph of NetworkX."""
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_nodes_from(nodes.tolist())
    graph.add_edges_from(zip(links.upstream.tolist(), links.downstream.tolist(), strict=True))
    return graph


@njit(cache=True)
def gather(table: NDArray[np.int32], places: NDArray[np.int32]) -> int:
    """Read a table at random places: the least that a walk over that many links can cost."""
    total = 0
    for place in places:
        total += table[place]
    return total
