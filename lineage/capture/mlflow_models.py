"""What a model is, by its own words and by those of the run that made it."""

import json

from lineage.capture.locations import read_places
from lineage.capture.mlflow_state import SeenModel, SeenRun, SeenVersion
from lineage.graph import ArtifactKind, Relation

#: Run tag that says how the models that a run read went into the one it made.
BASE_RELATION_TAG = "vestige.base_relation"
#: Logged-model tag with a JSON list of ``file:`` URIs where further copies of its files lie.
COPIES_TAG = "vestige.copies"


def base_relation(run: SeenRun) -> Relation:
    """How the models that a run read went into the one it made; fine-tuning unless it says."""
    distilled = run.tags.get(BASE_RELATION_TAG) == Relation.DISTILLED_FROM
    return Relation.DISTILLED_FROM if distilled else Relation.FINE_TUNED_FROM


def model_kind(model: SeenModel, to_bases: Relation | None) -> ArtifactKind:
    """What a model is; its own type tells more than its relation to the models it was made from."""
    if model.model_type in (ArtifactKind.EMBEDDING_INDEX, ArtifactKind.CHECKPOINT):
        return ArtifactKind(model.model_type)
    if to_bases is Relation.DISTILLED_FROM:
        return ArtifactKind.DISTILLED
    return ArtifactKind.FINE_TUNE if to_bases else ArtifactKind.MODEL


def copies_of(model: SeenModel) -> list[str] | None:
    """Further places of a model's files; None where the tag cannot be understood."""
    text = model.tags.get(COPIES_TAG)
    try:
        places = json.loads(text) if text else []
    except ValueError:
        return None
    return read_places(places)


def display_name(model: SeenModel, versions: list[SeenVersion]) -> str:
    """The registered name and version where there is one: it is what people call the model."""
    newest = max(versions, key=lambda v: (len(v.version), v.version), default=None)
    return f"{newest.name} v{newest.version}" if newest else model.name
