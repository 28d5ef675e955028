"""Artifacts and edges read as columns: by binary COPY straight into arrays, no row in Python."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from lineage.closure.columns import EdgeColumns, NodeColumns
from lineage.closure.digests import PART_BITS, Digests, Table
from lineage.closure.links import RELATIONS
from lineage.codes import KINDS, STATES, Trait
from lineage.models import MENTIONED, OTHER_DIGESTS, USED_AFTER_DESTRUCTION

#: PostgreSQL's binary COPY: signature, flags and length of the extension, then rows, each led by
#: its number of fields and each field by its length, then -1 (documentation of COPY, File Formats).
_HEADER, _TRAILER = 19, 2

#: Attributes of few artifacts that no column holds.
NOTED_ATTRIBUTES = (
    *("missing_run", "missing_models", "endpoints"),
    *(OTHER_DIGESTS, USED_AFTER_DESTRUCTION),
)

#: Where what is on record now stands, and what was on record at a moment: a relation that is read
#: in FROM, of which a moment's takes two parameters, both the moment.
ARTIFACTS_NOW = (
    "(SELECT id, kind, name, digest, state, indexed_at IS NOT NULL, attributes"
    " FROM lineage_artifact)"
)
ARTIFACTS_THEN = (
    "(SELECT artifact_id, kind, name, digest, state, indexed, attributes"
    " FROM lineage_artifactrevision WHERE since_id <= %s AND (until_id IS NULL OR until_id > %s))"
)
EDGES_NOW = (
    "(SELECT upstream_id, downstream_id, relation FROM lineage_derivation WHERE ended_at IS NULL)"
)
EDGES_THEN = (
    "(SELECT upstream_id, downstream_id, relation FROM lineage_derivationrevision"
    " WHERE since_id <= %s AND (until_id IS NULL OR until_id > %s))"
)
_AS_ARTIFACTS = "AS a (id, kind, name, digest, state, indexed, attributes)"
_AS_EDGES = "AS e (upstream, downstream, relation)"

# Both lines are those of lineage.closure.digests, and so is their order.
_NODE_LINE = (
    "concat_ws(' ', id, kind, encode(convert_to(name, 'UTF8'), 'hex'), digest, state, indexed::int)"
)
_EDGE_LINE = "concat_ws(' ', upstream, downstream, relation)"

#: What is true of an artifact, in SQL.
_TRAITS = {
    Trait.INDEXED: "indexed",
    Trait.PLACEHOLDER: f"attributes ? '{MENTIONED}'",
    Trait.UNREADABLE_COPIES: "coalesce(attributes->'unreadable_copies', 'null')"
    " NOT IN ('null', 'false', '\"\"', '[]')",
    Trait.CONTACT: "coalesce(attributes->>'contact', '') <> ''",
    Trait.MAKER: "coalesce(attributes->>'made_by', '') <> ''",
    Trait.NOTED: "attributes ?| ARRAY[{}]".format(
        ", ".join(f"'{name}'" for name in NOTED_ATTRIBUTES)
    ),
}
_ALL_TRAITS = " + ".join(f"({sql})::int * {trait.value}" for trait, sql in _TRAITS.items())


def node_columns(
    source: str = ARTIFACTS_NOW, params: Sequence[Any] = (), where: str = "true"
) -> NodeColumns:
    """Read artifacts.

    Args:
        source: :data:`ARTIFACTS_NOW` or :data:`ARTIFACTS_THEN`.
        params: Of ``source`` and ``where``.
        where: A condition on ``a``.
    """
    rows = _copied(
        "SELECT id, (array_position(%s, a.kind::text) - 1)::int2,"  # noqa: S608 - of constants
        f" (array_position(%s, a.state::text) - 1)::int2, ({_ALL_TRAITS})::int2"
        f" FROM {source} {_AS_ARTIFACTS} WHERE {where} ORDER BY id",
        [[kind.value for kind in KINDS], list(STATES), *params],
        ("i8", "i2", "i2", "i2"),
    )
    ids, kinds, states, traits = rows
    return NodeColumns(
        ids=ids.astype(np.int64),
        kinds=kinds.astype(np.uint8),
        states=states.astype(np.uint8),
        traits=traits.astype(np.uint8),
    )


def edge_columns(
    source: str = EDGES_NOW, params: Sequence[Any] = (), where: str = "true"
) -> EdgeColumns:
    """Read edges.

    Args:
        source: :data:`EDGES_NOW` or :data:`EDGES_THEN`.
        params: Of ``source`` and ``where``.
        where: A condition on ``e``.
    """
    upstream, downstream, relation = _copied(
        "SELECT upstream, downstream,"  # noqa: S608 - of constants
        " (array_position(%s, e.relation::text) - 1)::int2"
        f" FROM {source} {_AS_EDGES} WHERE {where}",
        [[relation.value for relation in RELATIONS], *params],
        ("i8", "i8", "i2"),
    )
    return EdgeColumns(
        upstream=upstream.astype(np.int64),
        downstream=downstream.astype(np.int64),
        relation=relation.astype(np.uint8),
    )


def digests_of(
    table: Table, source: str, params: Sequence[Any] = (), parts: Sequence[int] | None = None
) -> Digests:
    """Digest a table part by part, within the database.

    Args:
        table: What is read.
        source: Where it stands, as for :func:`node_columns` or :func:`edge_columns`.
        params: Of ``source``.
        parts: Only these parts; None for all.
    """
    if table is Table.NODES:
        names, of, line, order = _AS_ARTIFACTS, "id", _NODE_LINE, "id"
    else:
        names, of, line = _AS_EDGES, "downstream", _EDGE_LINE
        order = 'downstream, upstream, relation COLLATE "C"'
    chosen, last = "", []
    if parts is not None:
        # By ranges of ids, so that an index finds them.
        chosen = (
            f"JOIN unnest(%s::bigint[]) AS p (part) ON {of} >= part << {PART_BITS}"
            f" AND {of} < (part + 1) << {PART_BITS}"
        )
        last = [list(parts)]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {of} >> {PART_BITS},"  # noqa: S608 - of constants of this module
            f" sha256(convert_to(string_agg({line}, E'\\n' ORDER BY {order}), 'UTF8'))"
            f" FROM {source} {names} {chosen} GROUP BY 1",
            [*params, *last],
        )
        return {part: bytes(digest) for part, digest in cursor.fetchall()}


def _copied(query: str, params: Sequence[Any], types: Sequence[str]) -> tuple[NDArray[Any], ...]:
    """The columns of a query's answer, which holds no NULL and numbers of fixed size only."""
    row = np.dtype(
        [("fields", ">i2")]
        + [
            item
            for at, kind in enumerate(types)
            for item in ((f"length{at}", ">i4"), (f"value{at}", f">{kind}"))
        ]
    )
    with (
        connection.cursor() as cursor,
        cursor.copy(cursor.mogrify(f"COPY ({query}) TO STDOUT (FORMAT BINARY)", params)) as copy,
    ):
        body = b"".join(copy)[_HEADER:-_TRAILER]
    rows = np.frombuffer(body, dtype=row)
    return tuple(rows[f"value{at}"] for at in range(len(types)))
