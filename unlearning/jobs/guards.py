"""What stands between a recorded location and the files there: asked before each is touched."""

from pathlib import Path

from django.conf import settings

from lineage.capture.locations import lies_within, normalise_location
from lineage.graph import Relation
from lineage.models import Artifact, ArtifactState, Derivation
from lineage.selectors import locations_of
from unlearning.boundaries import Boundaries
from unlearning.models import PlanStep
from unlearning.places import path_here

#: Edges from an artifact to what took its place, at the same location.
_SUCCESSION = (Relation.REDACTED_FROM, Relation.REGENERATED_FROM)


def unapproved_places(step: PlanStep) -> list[str]:
    """The places of a step's artifact that were recorded after its plan was drawn up.

    Nothing is done there: no officer has seen them.
    """
    return [uri for uri in locations_of(step.artifact_id) if uri not in step.places]


def why_out_of_bounds(location: str) -> str:
    """Say why nothing at a location may be changed, whatever is recorded; empty where it may be.

    What the tracking server holds is its own to delete, under names of its own.
    """
    place = path_here(location)
    return "" if place is None else _boundaries().why_out(place)


def why_shared(artifact: Artifact, location: str) -> str:
    """Say which other artifact lies at or below a location; empty where there is none.

    Its own segments, earlier versions at the same place and what took its place go with it.
    """
    place = normalise_location(location)
    parts = Derivation.objects.filter(downstream=artifact, relation=Relation.PART_OF)
    successors = Derivation.objects.filter(upstream=artifact, relation__in=_SUCCESSION)
    others = (
        Artifact.objects.filter(state=ArtifactState.CURRENT)
        .exclude(pk=artifact.pk)
        .exclude(pk__in=parts.values("upstream"))
        .exclude(pk__in=successors.values("downstream"))
    )
    below = others.filter(location__startswith=place) | others.filter(attributes__has_key="copies")
    for other in below.order_by("pk").distinct():
        if any(lies_within(normalise_location(uri), place) for uri in locations_of(other.pk)):
            return f"{other.name} lies there too"
    return ""


def _boundaries() -> Boundaries:
    private = (settings.JOBS_DIR, settings.EXPORT_DIR, settings.KEYS_DIR, *settings.PRIVATE_PLACES)
    return Boundaries(
        private=tuple(map(Path, private)),
        data=tuple(map(Path, (*settings.DEMO_DATA, *settings.DATA_ROOTS))),
        data_only=bool(settings.DATA_ROOTS),
    )
