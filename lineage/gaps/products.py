"""Gaps where artifacts leave the house: products that answer people, recipients of copies."""

from lineage.codes import Trait
from lineage.gaps.found import LOW, Rule, Suspect, Words
from lineage.gaps.knowledge import Knowledge
from lineage.gaps.walk import Mask
from lineage.graph import ArtifactKind, Relation

#: Edges that tell what a product answers from.
SERVING = (Relation.DEPLOYED_AS, Relation.RETRIEVES_FROM)


def _products(known: Knowledge) -> Mask:
    return known.of_kind([ArtifactKind.PRODUCT]) & known.in_use


def _recipients(known: Knowledge) -> Mask:
    return known.of_kind([ArtifactKind.RECIPIENT]) & known.in_use


def _without_model(known: Knowledge) -> Mask:
    lost = known.noted(known.details.missing_models)
    return _products(known) & (lost | ~known.has_upstream(SERVING))


def _without_model_words(known: Knowledge, suspect: Suspect) -> Words:
    lost = known.details.missing_models.get(suspect.id, ())
    what = ", ".join(lost) if lost else "the model behind it"
    return Words(
        hides=f"{suspect.name} answers users, but what it serves is not fully "
        f"known: {what} has no production version on record.",
        remedy="Set the alias production on the registered model that it serves, "
        "then capture again.",
    )


def _many_endpoints(known: Knowledge) -> Mask:
    return _products(known) & known.noted(known.details.endpoints)


def _many_endpoints_words(known: Knowledge, suspect: Suspect) -> Words:
    endpoints = known.details.endpoints[suspect.id]
    return Words(
        hides=f"{suspect.name} has more than one endpoint ({', '.join(endpoints)}); "
        "which model answers at which of them is unknown.",
        remedy="Give each endpoint a product of its own, or all of its registered models "
        "the same endpoint, then capture again.",
    )


def _without_source(known: Knowledge) -> Mask:
    return _recipients(known) & ~known.has_upstream([Relation.COPIED_TO])


def _without_source_words(_: Knowledge, suspect: Suspect) -> Words:
    return Words(
        hides=f"Which records {suspect.name} received is unknown.",
        remedy="Send an OpenLineage event for it that names the copied dataset as its input.",
    )


def _without_contact(known: Knowledge) -> Mask:
    return _recipients(known) & ~known.has(Trait.CONTACT)


def _without_contact_words(_: Knowledge, suspect: Suspect) -> Words:
    return Words(
        hides=f"Nobody is on record who could be told that {suspect.name} shall delete records.",
        remedy="Send an OpenLineage event for it with the vestige_artifact facet that "
        "names a contact.",
    )


RULES = (
    Rule(name="product_without_model", suspects=_without_model, words=_without_model_words),
    Rule(
        name="product_at_many_endpoints",
        near=True,
        suspects=_many_endpoints,
        words=_many_endpoints_words,
    ),
    Rule(name="recipient_without_source", suspects=_without_source, words=_without_source_words),
    Rule(
        name="recipient_without_contact",
        severity=LOW,
        suspects=_without_contact,
        words=_without_contact_words,
    ),
)
