"""Products: registered models with an endpoint, and what serves behind it."""

from collections.abc import Callable, Mapping

from lineage.capture.mlflow_state import SeenRegistered, SeenState
from lineage.capture.observations import Observations, ObservedArtifact, ObservedDeployment
from lineage.graph import ArtifactKind

PRODUCTION = "production"
ENDPOINT_TAG = "vestige.endpoint"
PRODUCT_TAG = "vestige.product"
ALSO_SERVES_TAG = "vestige.also_serves"
#: Places of the documents that the product looks up, by comma.
RETRIEVES_TAG = "vestige.retrieves_from"
#: Gives the identity of the corpus at a place.
Corpus = Callable[[str], str]


def map_products(state: SeenState, corpus: Corpus) -> Observations:
    """Registered models with an endpoint, what serves behind it, and what it looks up.

    A product is one artifact, however many registered models name it: it serves all of them.
    """
    production = {v.name: v.model for v in state.versions if PRODUCTION in v.aliases}
    behind: dict[str, list[SeenRegistered]] = {}
    for registered in sorted(state.registered, key=lambda one: one.name):
        name = registered.tags.get(PRODUCT_TAG, "")
        if name and registered.tags.get(ENDPOINT_TAG, ""):
            behind.setdefault(name, []).append(registered)
    observed = Observations()
    for name, models in behind.items():
        observed += _product(name, models, production, state, corpus)
    return observed


def _product(
    name: str,
    models: list[SeenRegistered],
    production: Mapping[str, str],
    state: SeenState,
    corpus: Corpus,
) -> Observations:
    """One product with everything that it uses."""
    wanted = list(dict.fromkeys(served for model in models for served in _served_for(model)))
    endpoints = list(dict.fromkeys(model.tags[ENDPOINT_TAG] for model in models))
    artifact = ObservedArtifact(
        identity=f"product:{name}",
        kind=ArtifactKind.PRODUCT,
        observed_at=state.observed_at,
        name=name,
        location=endpoints[0],
        attributes={
            "registered_models": wanted,
            "missing_models": [model for model in wanted if model not in production],
            "endpoints": endpoints,
        },
    )
    deployment = ObservedDeployment(
        product=artifact.identity,
        observed_at=state.observed_at,
        serves=tuple(dict.fromkeys(production[m] for m in wanted if m in production)),
        retrieves=tuple(
            dict.fromkeys(
                corpus(place)
                for model in models
                for place in _listed(model.tags.get(RETRIEVES_TAG, ""))
            )
        ),
    )
    return Observations(artifacts=(artifact,), deployments=(deployment,))


def _served_for(model: SeenRegistered) -> list[str]:
    """Registered names that a product serves because of one of its models."""
    return [model.name, *_listed(model.tags.get(ALSO_SERVES_TAG, ""))]


def _listed(told: str) -> list[str]:
    """What a tag lists by comma."""
    return [item.strip() for item in told.split(",") if item.strip()]
