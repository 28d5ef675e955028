"""Kinds, states and traits of artifacts as small numbers, for columns of millions: pure.

A code is a place in the order of a table, as those of relations are
(:data:`lineage.closure.links.RELATIONS`); whoever keeps columns in files keeps the tables too.
"""

from enum import IntFlag

from lineage.graph import ArtifactKind

#: Kinds in the order of their codes.
KINDS: tuple[ArtifactKind, ...] = tuple(ArtifactKind)
KIND_CODES: dict[ArtifactKind, int] = {kind: code for code, kind in enumerate(KINDS)}
#: States in the order of their codes, see :class:`lineage.graph.Node`.
STATES: tuple[str, ...] = ("current", "superseded", "destroyed")
STATE_CODES: dict[str, int] = {state: code for code, state in enumerate(STATES)}


class Trait(IntFlag):
    """What is true of a node or not; a set of them is one number."""

    #: Every row was read into the record index.
    INDEXED = 1
    #: It was only ever named by others; its own source never showed it.
    PLACEHOLDER = 2
    #: It was said that copies exist, in words that nobody can read.
    UNREADABLE_COPIES = 4
    #: Of a recipient: it is on record how to tell it anything.
    CONTACT = 8
    #: The run that made it is on record.
    MAKER = 16
    #: There is more to say of it than columns hold.
    NOTED = 32
