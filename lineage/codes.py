"""Kinds and states of artifacts as small numbers, for columns of millions: pure.

A code is a place in the order of a table, as those of relations are
(:data:`lineage.closure.links.RELATIONS`); whoever keeps columns in files keeps the tables too.
"""

from lineage.graph import ArtifactKind

#: Kinds in the order of their codes.
KINDS: tuple[ArtifactKind, ...] = tuple(ArtifactKind)
KIND_CODES: dict[ArtifactKind, int] = {kind: code for code, kind in enumerate(KINDS)}
#: States in the order of their codes, see :class:`lineage.graph.Node`.
STATES: tuple[str, ...] = ("current", "superseded", "destroyed")
STATE_CODES: dict[str, int] = {state: code for code, state in enumerate(STATES)}
