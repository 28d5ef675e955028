"""Products: registered models with an endpoint, and what serves behind it."""

from collections.abc import Mapping

from lineage.capture.mlflow_state import SeenRegistered, SeenState
from lineage.capture.observations import Observations, ObservedArtifact, ObservedDeployment
from lineage.graph import ArtifactKind

PRODUCTION = "production"
ENDPOINT_TAG = "vestige.endpoint"
PRODUCT_TAG = "vestige.product"
ALSO_SERVES_TAG = "vestige.also_serves"


def map_products(state: SeenState) -> Observations:
    """Registered models with an endpoint, and what serves behind it.

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
        observed += _product(name, models, production, state)
    return observed


def _product(
    name: str, models: list[SeenRegistered], production: Mapping[str, str], state: SeenState
) -> Observations:
    """One product with everything that it serves."""
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
    )
    return Observations(artifacts=(artifact,), deployments=(deployment,))


def _served_for(model: SeenRegistered) -> list[str]:
    """Registered names that a product serves because of one of its models."""
    also = model.tags.get(ALSO_SERVES_TAG, "").split(",")
    return [model.name, *(other.strip() for other in also if other.strip())]
