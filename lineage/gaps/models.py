"""Gaps of models: what they were trained on, and which models they were made of."""

from lineage.codes import Trait
from lineage.gaps.found import LOW, Rule, Suspect, Words
from lineage.gaps.knowledge import Knowledge
from lineage.gaps.walk import Mask
from lineage.graph import MODELS, RECAST, ArtifactKind, Relation

#: Edges that tell which records a model was made from.
TRAINING = (Relation.TRAINED_ON, Relation.INDEXES)
#: The fewest models that a merge can be one of.
FEWEST_MERGED = 2


def _seen_in_use(known: Knowledge, *kinds: ArtifactKind) -> Mask:
    return known.of_kind(kinds) & known.in_use & ~known.placeholder


def _untrained(known: Knowledge) -> Mask:
    return _seen_in_use(known, *(MODELS - RECAST)) & ~known.has_upstream(TRAINING)


def _untrained_words(known: Knowledge, suspect: Suspect) -> Words:
    lost = known.details.missing_run.get(suspect.id)
    why = f"its run {lost} cannot be read" if lost else "its run recorded no dataset"
    return Words(
        hides=f"Which records {suspect.name} was trained on is unknown: {why}.",
        remedy="Restore the run or log the training dataset with mlflow.log_input, "
        "then capture again.",
    )


def _never_shown(known: Knowledge) -> Mask:
    return known.of_kind(MODELS) & known.placeholder & known.behind


def _never_shown_words(_: Knowledge, suspect: Suspect) -> Words:
    return Words(
        hides=f"{suspect.name} is used by other artifacts, but where it came from is unknown.",
        remedy="Restore the model in MLflow, or record where it came from, then capture again.",
    )


def _without(known: Knowledge, kind: ArtifactKind, *relations: Relation) -> Mask:
    """Models of a kind that name none they were made of; an unlearned one names its predecessor."""
    return _seen_in_use(known, kind) & ~known.has_upstream([*relations, Relation.UNLEARNED_FROM])


def _adapter_without_base(known: Knowledge) -> Mask:
    return _without(known, ArtifactKind.ADAPTER, Relation.ADAPTER_OF)


def _quantized_without_source(known: Knowledge) -> Mask:
    return _without(known, ArtifactKind.QUANTIZED, Relation.QUANTIZED_FROM)


def _distilled_without_teacher(known: Knowledge) -> Mask:
    return _without(known, ArtifactKind.DISTILLED, Relation.DISTILLED_FROM)


def _fine_tune_without_base(known: Knowledge) -> Mask:
    return _without(known, ArtifactKind.FINE_TUNE, Relation.FINE_TUNED_FROM)


def _merged_from_too_few(known: Knowledge) -> Mask:
    few = known.upstreams([Relation.MERGED_FROM]) < FEWEST_MERGED
    return _without(known, ArtifactKind.MERGED) & few


def _source_words(known: Knowledge, suspect: Suspect) -> Words:
    return Words(
        hides=f"Which model {suspect.name} was made of is unknown, and so is whose records that "
        f"one carries on.{_lost_run(known, suspect)}",
        remedy="Log that model as an input of the run (mlflow.log_inputs), then capture again.",
    )


def _too_few_words(known: Knowledge, suspect: Suspect) -> Words:
    return Words(
        hides=f"A merge is made of at least {FEWEST_MERGED} models, but {suspect.name} names "
        f"fewer; whose records the others carry on is unknown.{_lost_run(known, suspect)}",
        remedy="Log every merged model as an input of the run (mlflow.log_inputs), then capture "
        "again.",
    )


def _lost_run(known: Knowledge, suspect: Suspect) -> str:
    lost = known.details.missing_run.get(suspect.id)
    return f" Its run {lost} cannot be read." if lost else ""


def _without_run(known: Knowledge) -> Mask:
    return _seen_in_use(known, ArtifactKind.CHECKPOINT) & ~known.has(Trait.MAKER)


def _without_run_words(_: Knowledge, suspect: Suspect) -> Words:
    return Words(
        hides=f"Which run saved {suspect.name} is unknown, so whether it is older than the first "
        "exposure cannot be told.",
        remedy="Restore the run, or log the checkpoint as an output of its run, then capture "
        "again.",
    )


RULES = (
    Rule(
        name="model_without_training_input",
        suspects=_untrained,
        words=_untrained_words,
    ),
    Rule(name="base_model_unresolved", suspects=_never_shown, words=_never_shown_words),
    Rule(name="fine_tune_without_base", suspects=_fine_tune_without_base, words=_source_words),
    Rule(name="adapter_without_base", suspects=_adapter_without_base, words=_source_words),
    Rule(
        name="distilled_without_teacher",
        suspects=_distilled_without_teacher,
        words=_source_words,
    ),
    Rule(name="merged_from_too_few", suspects=_merged_from_too_few, words=_too_few_words),
    Rule(
        name="quantized_without_source",
        suspects=_quantized_without_source,
        words=_source_words,
    ),
    Rule(
        name="checkpoint_without_run",
        severity=LOW,
        suspects=_without_run,
        words=_without_run_words,
    ),
)
