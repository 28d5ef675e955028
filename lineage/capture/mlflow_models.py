"""What a model is, by its own words and by those of the run that made it."""

import json

from lineage.capture.locations import read_places
from lineage.capture.mlflow_state import SeenModel, SeenRun, SeenVersion
from lineage.graph import ArtifactKind, Relation

#: Run tag that says how the models that a run read went into the one it made.
BASE_RELATION_TAG = "vestige.base_relation"
#: Logged-model tag with a JSON list of ``file:`` URIs where further copies of its files lie.
COPIES_TAG = "vestige.copies"


#: Values of that tag, and what they make of a model.
_BY_RELATION = {
    Relation.ADAPTER_OF: ArtifactKind.ADAPTER,
    Relation.DISTILLED_FROM: ArtifactKind.DISTILLED,
    Relation.MERGED_FROM: ArtifactKind.MERGED,
    Relation.QUANTIZED_FROM: ArtifactKind.QUANTIZED,
}
#: Types of logged model that are kinds of artifact, and the relation to their bases that each
#: means; None where the run tells it.
_BY_TYPE: dict[str, Relation | None] = {
    ArtifactKind.ADAPTER: Relation.ADAPTER_OF,
    ArtifactKind.MERGED: Relation.MERGED_FROM,
    ArtifactKind.QUANTIZED: Relation.QUANTIZED_FROM,
    ArtifactKind.EMBEDDING_INDEX: Relation.EMBEDDED_BY,
    ArtifactKind.CHECKPOINT: None,
    ArtifactKind.REWARD_MODEL: None,
}


def base_relation(model: SeenModel, run: SeenRun) -> Relation:
    """How the models that a run read went into one it made; fine-tuning unless either says."""
    if by_type := _BY_TYPE.get(model.model_type):
        return by_type
    told = run.tags.get(BASE_RELATION_TAG)
    return next((known for known in _BY_RELATION if known == told), Relation.FINE_TUNED_FROM)


def model_kind(model: SeenModel, to_bases: Relation | None) -> ArtifactKind:
    """What a model is; its own type tells more than its relation to the models it was made from."""
    if model.model_type in _BY_TYPE:
        return ArtifactKind(model.model_type)
    if to_bases is None:
        return ArtifactKind.MODEL
    return _BY_RELATION.get(to_bases, ArtifactKind.FINE_TUNE)


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
