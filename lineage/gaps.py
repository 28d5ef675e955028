"""Lineage gaps: what the graph does not know, and whether that may hide an affected artifact.

An unknown is answered as "unknown impact", never as "no impact".
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from lineage.graph import MODELS, PROPAGATION, ROW_HOLDERS, ArtifactKind, Edge, Gap, Node, Relation

#: Edges that tell which records a model was made from.
TRAINING = frozenset({Relation.TRAINED_ON, Relation.INDEXES})
#: Models made of other models alone: the edges that account for them, and how many it takes.
MADE_OF = {
    ArtifactKind.MERGED: (Relation.MERGED_FROM, 2),
    ArtifactKind.QUANTIZED: (Relation.QUANTIZED_FROM, 1),
}
#: How to close the gap of a dataset whose rows nobody read: they lie there unnamed, reading them
#: failed, or they were replaced or destroyed.
READ_IT = (
    "Send an OpenLineage event for it with the vestige_recordIndex facet: its rows are then read."
)
READ_AGAIN = "Put this right, then send an OpenLineage event for it anew: its rows are then read."
NEVER_READ = (
    "Its rows are gone: make what came from it again from a dataset that was read, or destroy it."
)


@dataclass(frozen=True, kw_only=True)
class KnownArtifact:
    """A node with what the gap rules ask of it."""

    node: Node
    #: It was only ever named by others; its own source never showed it.
    placeholder: bool = False
    #: The run that made it, by its name in the source, when that run cannot be read.
    missing_run: str = ""
    #: Models that a product says it serves and that cannot be found.
    missing_models: tuple[str, ...] = ()
    #: Of a product: every URL that the registry gives for it.
    endpoints: tuple[str, ...] = ()
    #: Of a recipient: how to tell it anything.
    contact: str = ""
    #: Why its rows could not be read, in one sentence; empty where nobody tried.
    unread_because: str = ""
    #: It was said that copies exist, in words that nobody can read.
    unreadable_copies: bool = False


@dataclass(frozen=True, kw_only=True)
class KnownActivity:
    """A run with what the gap rules ask of it."""

    name: str
    ended: bool
    #: Node ids that it read.
    used: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Knowledge:
    """All that the gap rules look at."""

    artifacts: tuple[KnownArtifact, ...]
    edges: tuple[Edge, ...]
    activities: tuple[KnownActivity, ...] = ()

    @cached_property
    def behind(self) -> frozenset[int]:
        """Ids of what something in use came from, however long ago that was replaced or destroyed.

        A model outlives its sources: what is unknown of them is unknown of the model.
        """
        sources: dict[int, list[int]] = {}
        for edge in self.edges:
            if PROPAGATION[edge.relation].influence is not None:
                sources.setdefault(edge.downstream, []).append(edge.upstream)
        found: set[int] = set()
        waiting = [item.node.id for item in self.artifacts if item.node.state == "current"]
        while waiting:
            fresh = set(sources.get(waiting.pop(), ())) - found
            found |= fresh
            waiting.extend(fresh)
        return frozenset(found)

    def in_use(self, item: KnownArtifact) -> bool:
        """Whether it is current, or behind something that is, as a model behind its product."""
        return item.node.state == "current" or item.node.id in self.behind


@dataclass(frozen=True, kw_only=True)
class FoundGap:
    """A gap, and for whom it matters."""

    gap: Gap
    #: The artifact that it is about, for names do not tell versions apart; None for a run.
    about: int | None
    #: It matters to a trace that reaches one of these nodes; empty: it matters to every trace.
    near: frozenset[int] = field(default=frozenset())

    def may_hide(self, reached: Collection[int]) -> bool:
        """Whether an artifact missing here could belong to a trace that reached these nodes."""
        return self.gap.severity == "high" and (not self.near or not self.near.isdisjoint(reached))


def _found(  # noqa: PLR0913 - the fields of a gap, by name
    rule: str,
    artifact: str,
    *,
    hides: str,
    remedy: str,
    about: int | None,
    severity: str = "high",
    near: frozenset[int] = frozenset(),
) -> FoundGap:
    gap = Gap(rule=rule, artifact=artifact, severity=severity, hides=hides, remedy=remedy)
    return FoundGap(gap=gap, about=about, near=near)


def _in_use(known: Knowledge, kind: ArtifactKind) -> Iterator[KnownArtifact]:
    return (item for item in known.artifacts if item.node.kind is kind and known.in_use(item))


def _with_upstream(known: Knowledge, *relations: Relation) -> set[int]:
    """Nodes into which such an edge leads."""
    return {edge.downstream for edge in known.edges if edge.relation in relations}


def _model_without_training_input(known: Knowledge) -> Iterator[FoundGap]:
    trained = _with_upstream(known, *TRAINING)
    for item in known.artifacts:
        if item.node.kind not in MODELS or item.node.id in trained or item.placeholder:
            continue
        if known.in_use(item) and not _made_of_known_models(known, item.node):
            lost, of_models = item.missing_run, item.node.kind in MADE_OF
            unknown = (
                "of which models it was made is not on record"
                if of_models
                else "its run recorded no dataset"
            )
            why = f"its run {lost} cannot be read" if lost else unknown
            yield _found(
                "model_without_training_input",
                item.node.name,
                about=item.node.id,
                hides=f"Which records {item.node.name} was trained on is unknown: {why}.",
                remedy=f"Restore the run or log {_INPUTS[of_models]}, then capture again.",
            )


#: What a run is to log, by whether its model is made of others alone.
_INPUTS = {
    False: "the training dataset with mlflow.log_input",
    True: "the models that it was made of with mlflow.log_inputs",
}


def _made_of_known_models(known: Knowledge, node: Node) -> bool:
    """Whether a model that needs no dataset of its own says of which models it was made."""
    if node.kind not in MADE_OF:
        return False
    relation, needed = MADE_OF[node.kind]
    edges = (e for e in known.edges if e.relation is relation and e.downstream == node.id)
    return len({edge.upstream for edge in edges}) >= needed


def _base_model_unresolved(known: Knowledge) -> Iterator[FoundGap]:
    for item in known.artifacts:
        if item.placeholder and item.node.kind in MODELS and item.node.id in known.behind:
            yield _found(
                "base_model_unresolved",
                item.node.name,
                about=item.node.id,
                hides=f"{item.node.name} is used by other artifacts, but where it came from "
                "is unknown.",
                remedy="Restore the model in MLflow, or record where it came from, then "
                "capture again.",
            )


def _dataset_without_subject_index(known: Knowledge) -> Iterator[FoundGap]:
    for item in known.artifacts:
        node = item.node
        if node.kind not in ROW_HOLDERS or node.indexed or not known.in_use(item):
            continue
        if item.placeholder and node.id not in known.behind:
            continue
        hides, remedy = _unread(item)
        yield _found(
            "dataset_without_subject_index",
            node.name,
            about=node.id,
            hides=hides,
            remedy=remedy,
        )


def _unread(item: KnownArtifact) -> tuple[str, str]:
    """What a dataset whose rows nobody read hides, and the remedy."""
    name, trouble = item.node.name, item.unread_because
    concern = "whom the artifacts made from it concern"
    if item.node.state != "current":
        return f"Whose records {name} held was never read; {concern} is unknown.", NEVER_READ
    hides = f"Whose records {name} holds is unknown, and so is {concern}."
    if trouble:
        return f"{hides} Reading its rows failed: {trouble}", READ_AGAIN
    return hides, READ_IT


def _product_without_model(known: Knowledge) -> Iterator[FoundGap]:
    deployed = _with_upstream(known, Relation.DEPLOYED_AS)
    for item in _in_use(known, ArtifactKind.PRODUCT):
        lost = list(item.missing_models)
        if lost or item.node.id not in deployed:
            what = ", ".join(lost) if lost else "the model behind it"
            yield _found(
                "product_without_model",
                item.node.name,
                about=item.node.id,
                hides=f"{item.node.name} answers users, but what it serves is not fully "
                f"known: {what} has no production version on record.",
                remedy="Set the alias production on the registered model that it serves, "
                "then capture again.",
            )


def _product_at_many_endpoints(known: Knowledge) -> Iterator[FoundGap]:
    for item in _in_use(known, ArtifactKind.PRODUCT):
        if len(item.endpoints) > 1:
            yield _found(
                "product_at_many_endpoints",
                item.node.name,
                about=item.node.id,
                hides=f"{item.node.name} has more than one endpoint ({', '.join(item.endpoints)}); "
                "which model answers at which of them is unknown.",
                remedy="Give each endpoint a product of its own, or all of its registered models "
                "the same endpoint, then capture again.",
                near=frozenset({item.node.id}),
            )


def _synthetic_without_generator(known: Knowledge) -> Iterator[FoundGap]:
    sampled = _with_upstream(known, Relation.SYNTHESIZED_BY)
    for item in _in_use(known, ArtifactKind.SYNTHETIC_DATASET):
        if item.node.id not in sampled:
            yield _found(
                "synthetic_without_generator",
                item.node.name,
                about=item.node.id,
                hides=f"The model that {item.node.name} was sampled from is unknown, and so is "
                "whom its rows are modelled on.",
                remedy="Send an OpenLineage event for it with the vestige_artifact facet that "
                "names the model under synthesis.",
            )


def _recipient_without_source(known: Knowledge) -> Iterator[FoundGap]:
    supplied = _with_upstream(known, Relation.COPIED_TO)
    for item in _in_use(known, ArtifactKind.RECIPIENT):
        if item.node.id not in supplied:
            yield _found(
                "recipient_without_source",
                item.node.name,
                about=item.node.id,
                hides=f"Which records {item.node.name} received is unknown.",
                remedy="Send an OpenLineage event for it that names the copied dataset as "
                "its input.",
            )


def _recipient_without_contact(known: Knowledge) -> Iterator[FoundGap]:
    for item in _in_use(known, ArtifactKind.RECIPIENT):
        if not item.contact:
            yield _found(
                "recipient_without_contact",
                item.node.name,
                about=item.node.id,
                hides=f"Nobody is on record who could be told that {item.node.name} shall "
                "delete records.",
                remedy="Send an OpenLineage event for it with the vestige_artifact facet that "
                "names a contact.",
                severity="low",
            )


def _copies_unreadable(known: Knowledge) -> Iterator[FoundGap]:
    for item in known.artifacts:
        if item.unreadable_copies and known.in_use(item):
            yield _found(
                "copies_unreadable",
                item.node.name,
                about=item.node.id,
                hides=f"There are copies of {item.node.name}, but where they lie cannot be read.",
                remedy="Write their places as a JSON list of URIs, then capture again.",
                near=frozenset({item.node.id}),
            )


def _run_without_end(known: Knowledge) -> Iterator[FoundGap]:
    for activity in known.activities:
        if not activity.ended:
            yield _found(
                "run_without_end",
                activity.name,
                about=None,
                hides=f"The run {activity.name} started and never reported its end; what it "
                "made is unknown.",
                remedy="Send its COMPLETE or FAIL event, or end the run in MLflow, then "
                "capture again.",
                near=frozenset(activity.used),
            )


#: One line a rule.
GAP_RULES: tuple[Callable[[Knowledge], Iterator[FoundGap]], ...] = (
    _model_without_training_input,
    _base_model_unresolved,
    _dataset_without_subject_index,
    _product_without_model,
    _product_at_many_endpoints,
    _synthetic_without_generator,
    _recipient_without_source,
    _recipient_without_contact,
    _copies_unreadable,
    _run_without_end,
)
#: The key of each rule, as its gaps carry it.
RULE_NAMES: tuple[str, ...] = tuple(rule.__name__.removeprefix("_") for rule in GAP_RULES)


def find_gaps(known: Knowledge) -> tuple[FoundGap, ...]:
    """Apply every rule; sorted, so that equal knowledge gives equal answers."""
    found = [gap for rule in GAP_RULES for gap in rule(known)]
    return tuple(sorted(found, key=lambda item: (item.gap.rule, item.gap.artifact, item.gap.hides)))
