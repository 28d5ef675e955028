"""Products: registered models with an endpoint, and what serves behind it."""

from lineage.capture.mlflow_state import SeenState
from lineage.capture.observations import Observations, ObservedArtifact, ObservedDeployment
from lineage.graph import ArtifactKind

PRODUCTION = "production"


def map_products(state: SeenState) -> Observations:
    """Registered models with an endpoint, and what serves behind it."""
    production = {v.name: v.model for v in state.versions if PRODUCTION in v.aliases}
    artifacts, deployments = [], []
    for registered in state.registered:
        endpoint = registered.tags.get("vestige.endpoint", "")
        name = registered.tags.get("vestige.product", "")
        if not endpoint or not name:
            continue
        also = registered.tags.get("vestige.also_serves", "").split(",")
        wanted = [registered.name, *(other.strip() for other in also if other.strip())]
        artifacts.append(
            ObservedArtifact(
                identity=f"product:{name}",
                kind=ArtifactKind.PRODUCT,
                observed_at=state.observed_at,
                name=name,
                location=endpoint,
                attributes={
                    "registered_models": wanted,
                    "missing_models": [m for m in wanted if m not in production],
                },
            )
        )
        deployments.append(
            ObservedDeployment(
                product=f"product:{name}",
                observed_at=state.observed_at,
                serves=tuple(production[m] for m in wanted if m in production),
            )
        )
    return Observations(artifacts=tuple(artifacts), deployments=tuple(deployments))
