"""The provenance graph as plain values: what exists, what came from what, how influence travels.

Terms follow W3C PROV (https://www.w3.org/TR/prov-dm/): an *artifact* is an entity, a *derivation*
an edge from what was used to what came of it, an *activity* what made it.
"""

from dataclasses import dataclass, field
from enum import StrEnum


class ArtifactKind(StrEnum):
    """What an artifact is."""

    SOURCE = "source"  # a system that records are copied out of: a table, a bucket, a CRM
    SEGMENT = "segment"
    DATASET_VERSION = "dataset_version"
    EVALUATION_SET = "evaluation_set"
    LOG = "log"
    CACHE = "cache"
    SYNTHETIC_DATASET = "synthetic_dataset"
    RETRIEVAL_CORPUS = "retrieval_corpus"  # documents that a product looks up to answer
    MODEL = "model"
    FINE_TUNE = "fine_tune"
    ADAPTER = "adapter"  # weights that are laid over those of a base model, as LoRA's are
    DISTILLED = "distilled"
    MERGED = "merged"  # the weights of two or more models brought into one
    QUANTIZED = "quantized"  # the weights of a model in fewer bits
    REWARD_MODEL = "reward_model"
    CHECKPOINT = "checkpoint"  # a state of a training on its way, optimizer included
    EMBEDDING_INDEX = "embedding_index"
    PRODUCT = "product"
    RECIPIENT = "recipient"


#: Kinds that hold people's rows in segments.
ROW_HOLDERS = frozenset(
    {
        ArtifactKind.SOURCE,
        ArtifactKind.DATASET_VERSION,
        ArtifactKind.EVALUATION_SET,
        ArtifactKind.LOG,
        ArtifactKind.CACHE,
        ArtifactKind.RETRIEVAL_CORPUS,
    }
)
#: Kinds that training can read.
DATASETS = ROW_HOLDERS | {ArtifactKind.SYNTHETIC_DATASET}
#: Kinds whose weights are worked out from other models alone; they may read records besides.
RECAST = frozenset({ArtifactKind.MERGED, ArtifactKind.QUANTIZED})
#: Kinds with finished weights that a recorded recipe can make again.
TRAINED = RECAST | {
    ArtifactKind.MODEL,
    ArtifactKind.FINE_TUNE,
    ArtifactKind.ADAPTER,
    ArtifactKind.DISTILLED,
    ArtifactKind.REWARD_MODEL,
}
#: Kinds that a run makes from records: everything that a registry of models keeps.
MODELS = TRAINED | {ArtifactKind.CHECKPOINT, ArtifactKind.EMBEDDING_INDEX}


class Relation(StrEnum):
    """How the downstream artifact came from the upstream one: downstream RELATION upstream."""

    PART_OF = "part_of"  # the upstream segment is part of the downstream dataset
    DERIVED_FROM = "derived_from"
    EXTRACTED_FROM = "extracted_from"  # the downstream rows were copied out of the upstream source
    TRAINED_ON = "trained_on"
    FINE_TUNED_FROM = "fine_tuned_from"
    ADAPTER_OF = "adapter_of"
    DISTILLED_FROM = "distilled_from"
    MERGED_FROM = "merged_from"
    QUANTIZED_FROM = "quantized_from"
    EVALUATED_ON = "evaluated_on"
    EMBEDDED_BY = "embedded_by"
    INDEXES = "indexes"  # the downstream index holds vectors of the upstream dataset's rows
    SYNTHESIZED_BY = "synthesized_by"  # the downstream rows were sampled from the upstream model
    LOGGED_IN = "logged_in"
    CACHED_IN = "cached_in"
    COPIED_TO = "copied_to"
    DEPLOYED_AS = "deployed_as"
    RETRIEVES_FROM = "retrieves_from"  # the downstream product answers from the upstream corpus
    RETRAINED_FROM = "retrained_from"
    UNLEARNED_FROM = "unlearned_from"
    REDACTED_FROM = "redacted_from"
    REGENERATED_FROM = "regenerated_from"


class Influence(StrEnum):
    """What an affected artifact carries of the data subject."""

    CONTENT = "content"
    WEIGHTS = "weights"
    SELECTION = "selection"
    EXPOSURE = "exposure"


@dataclass(frozen=True, kw_only=True)
class Propagation:
    """What crosses an edge of one relation."""

    #: None: the edge carries nothing (the supersession edges that close the loop).
    influence: Influence | None
    #: ``certain`` or ``possible``.
    certainty: str = "certain"
    #: What on the downstream artifact shows that nothing crossed: ``record_index``, which tells
    #: whose rows it holds once every one of them was read. Empty: nothing can show it.
    blocked_by: str = ""


#: One line a relation: the whole rule by which influence travels.
PROPAGATION: dict[Relation, Propagation] = {
    Relation.PART_OF: Propagation(influence=Influence.CONTENT),
    Relation.DERIVED_FROM: Propagation(
        influence=Influence.CONTENT, certainty="possible", blocked_by="record_index"
    ),
    Relation.EXTRACTED_FROM: Propagation(
        influence=Influence.CONTENT, certainty="possible", blocked_by="record_index"
    ),
    Relation.TRAINED_ON: Propagation(influence=Influence.WEIGHTS),
    Relation.FINE_TUNED_FROM: Propagation(influence=Influence.WEIGHTS),
    Relation.ADAPTER_OF: Propagation(influence=Influence.WEIGHTS),
    Relation.DISTILLED_FROM: Propagation(influence=Influence.WEIGHTS),
    Relation.MERGED_FROM: Propagation(influence=Influence.WEIGHTS),
    Relation.QUANTIZED_FROM: Propagation(influence=Influence.WEIGHTS),
    Relation.EVALUATED_ON: Propagation(influence=Influence.SELECTION),
    Relation.EMBEDDED_BY: Propagation(influence=Influence.WEIGHTS),
    Relation.INDEXES: Propagation(influence=Influence.CONTENT),
    Relation.SYNTHESIZED_BY: Propagation(influence=Influence.CONTENT, certainty="possible"),
    Relation.LOGGED_IN: Propagation(
        influence=Influence.CONTENT, certainty="possible", blocked_by="record_index"
    ),
    Relation.CACHED_IN: Propagation(
        influence=Influence.CONTENT, certainty="possible", blocked_by="record_index"
    ),
    Relation.COPIED_TO: Propagation(influence=Influence.CONTENT),
    Relation.DEPLOYED_AS: Propagation(influence=Influence.EXPOSURE),
    Relation.RETRIEVES_FROM: Propagation(influence=Influence.EXPOSURE),
    Relation.RETRAINED_FROM: Propagation(influence=None),
    Relation.UNLEARNED_FROM: Propagation(influence=Influence.WEIGHTS, certainty="possible"),
    Relation.REDACTED_FROM: Propagation(influence=None),
    Relation.REGENERATED_FROM: Propagation(influence=None),
}


#: Longest address of a recipient, in characters; a longer one can be noted down nowhere.
LONGEST_CONTACT = 500

#: Relations that say how rows went into another place; the kind of that place decides which.
COPYING: dict[ArtifactKind, Relation] = {
    ArtifactKind.LOG: Relation.LOGGED_IN,
    ArtifactKind.CACHE: Relation.CACHED_IN,
    ArtifactKind.RECIPIENT: Relation.COPIED_TO,
}


def copy_relation(upstream: ArtifactKind, downstream: ArtifactKind) -> Relation:
    """The edge from what holds rows into what was made from it.

    >>> copy_relation(ArtifactKind.DATASET_VERSION, ArtifactKind.LOG)
    <Relation.LOGGED_IN: 'logged_in'>
    >>> copy_relation(ArtifactKind.DATASET_VERSION, ArtifactKind.SYNTHETIC_DATASET)
    <Relation.DERIVED_FROM: 'derived_from'>
    >>> copy_relation(ArtifactKind.SOURCE, ArtifactKind.DATASET_VERSION)
    <Relation.EXTRACTED_FROM: 'extracted_from'>
    """
    plain = Relation.EXTRACTED_FROM if upstream is ArtifactKind.SOURCE else Relation.DERIVED_FROM
    return COPYING.get(downstream, plain)


@dataclass(frozen=True, kw_only=True)
class Node:
    """An artifact as the closure sees it."""

    id: int
    kind: ArtifactKind
    name: str
    digest: str = ""
    #: ``current``, ``superseded`` or ``destroyed``.
    state: str = "current"
    #: Holders of rows: every row was read into the record index.
    indexed: bool = False


@dataclass(frozen=True, kw_only=True)
class Edge:
    """A derivation as the closure sees it."""

    upstream: int
    downstream: int
    relation: Relation


@dataclass(frozen=True, kw_only=True)
class Gap:
    """Something that the graph does not know and that may hide an affected artifact."""

    #: Key of the rule that found it, e.g. ``model_without_training_input``.
    rule: str
    artifact: str
    #: ``high`` (an answer that meets it is incomplete) or ``low``.
    severity: str
    #: What the gap hides, in one sentence.
    hides: str
    #: How to close it, in one sentence.
    remedy: str


@dataclass(frozen=True, kw_only=True)
class Affected:
    """One artifact that holds or inherited the subject's data."""

    node: Node
    #: Kinds of influence, strongest first: content, weights, selection, exposure.
    influence: tuple[Influence, ...]
    #: A shortest path of node ids, from a segment that holds a record to this node, both included.
    path: tuple[int, ...]
    #: Topological rank: 0 for the segments; always above the rank of everything it came from.
    rank: int
    certainty: str = "certain"


@dataclass(frozen=True, kw_only=True)
class RecordRef:
    """Where one record of the subject lies."""

    record_id: str
    segment: int
    dataset_version: int


@dataclass(frozen=True, kw_only=True)
class BlockedLink:
    """A derivation that leads on from something reached, and of which nothing crossed."""

    #: Ids of what was reached, and of what was not.
    upstream: int
    downstream: int
    relation: Relation
    #: What shows that nothing crossed: :attr:`Propagation.blocked_by`.
    evidence: str


@dataclass(frozen=True, kw_only=True)
class Impact:
    """The whole answer of a trace."""

    records: tuple[RecordRef, ...]
    #: Ordered by rank, then id; segments first.
    affected: tuple[Affected, ...]
    complete: bool
    #: Why the answer is not complete; empty when it is.
    reasons: tuple[str, ...]
    gaps: tuple[Gap, ...]
    #: Nodes where the walk had to stop although more may lie behind them.
    frontier: tuple[int, ...]
    #: SHA-256 over the canonical snapshot of nodes and edges: the same hash gives the same answer.
    snapshot_hash: str
    #: How many data sets the record index covered: what was looked into for records.
    datasets_examined: int
    cycles: tuple[tuple[int, ...], ...] = field(default=())
    #: Why artifacts in use that came from something reached were not reached themselves; ordered
    #: by ids. What is reached another way is in none.
    blocked: tuple[BlockedLink, ...] = field(default=())
