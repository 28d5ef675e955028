"""Since when each training may carry a person's records, and its checkpoints from before."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Q

from governance.subjects import SubjectDigest
from lineage.errors import ActivityNotFound
from lineage.exposure import (
    OPTIMIZER_STEP_TAG,
    ORDER_TAG,
    Checkpoint,
    Exposure,
    SortedCheckpoints,
    UnusableOrderError,
    earliest,
    exposed_from,
    first_steps,
    never_exposed,
    read_order,
    read_step,
    sort_checkpoints,
    unknown_exposure,
)
from lineage.graph import DATASETS, MODELS, ROW_HOLDERS, ArtifactKind, Influence, Relation
from lineage.models import (
    Activity,
    ActivityKind,
    Artifact,
    ArtifactState,
    Derivation,
    DueReading,
)
from lineage.selectors.impact import reach_of
from lineage.selectors.training_rows import RowsNotAsReadError, ids_in_order, recorded_rows
from lineage.selectors.whereabouts import Whereabouts, find_records

#: Edges from what a run trained on.
TRAINING = (Relation.TRAINED_ON, Relation.INDEXES)
#: Edges from a model that a run built on, and the step since when that model has its influence: a
#: fine-tune begins with the weights of its base, a student begins with none. An adapter counts as
#: beginning with them: it is nothing without its base, and some begin with a part of its weights.
BASES: Mapping[Relation, int] = {
    Relation.FINE_TUNED_FROM: 0,
    Relation.ADAPTER_OF: 0,
    Relation.MERGED_FROM: 0,
    Relation.QUANTIZED_FROM: 0,
    Relation.UNLEARNED_FROM: 0,
    Relation.DISTILLED_FROM: 1,
    Relation.EMBEDDED_BY: 1,
}
#: Influences that a training takes over; being evaluated on a record leaves no trace in weights.
CARRIED = frozenset({Influence.CONTENT, Influence.WEIGHTS})


@dataclass(frozen=True, kw_only=True)
class RunExposure:
    """What one training has seen of the records."""

    activity_id: int
    name: str
    #: The run's id where it was recorded.
    run_id: str
    exposure: Exposure
    checkpoints: SortedCheckpoints


@dataclass(frozen=True, kw_only=True)
class Exposures:
    """What every training has seen of the records."""

    #: Trainings that used them, or may have, the oldest first.
    trainings: tuple[RunExposure, ...]
    #: Whether no other training can have used them.
    complete: bool
    #: Why the answer is not complete; empty when it is.
    reasons: tuple[str, ...]


def first_exposure(who: SubjectDigest | Collection[str], activity_id: int) -> Exposure:
    """Say in which optimizer step a training first used any of the records.

    Args:
        who: A data subject, or record ids.
        activity_id: The training.

    Raises:
        ActivityNotFound: No run has this id.
        RecordNotFound: The record index does not hold one of the record ids.
    """
    return _exposure_of(_activity(activity_id), find_records(who))


def clean_checkpoints(who: SubjectDigest | Collection[str], activity_id: int) -> SortedCheckpoints:
    """Sort a training's checkpoints into those from before the first exposure and the others.

    The arguments and errors are those of :func:`first_exposure`.
    """
    activity = _activity(activity_id)
    return sort_checkpoints(_checkpoints(activity), _exposure_of(activity, find_records(who)))


def exposures(who: SubjectDigest | Collection[str], *, run: str = "") -> Exposures:
    """Answer for every training that used the records, or of which nobody can say that it did not.

    Args:
        who: A data subject, or record ids.
        run: Only runs of this name or id, whether they used the records or not.

    Raises:
        ActivityNotFound: No run has this name or id.
        RecordNotFound: The record index does not hold one of the record ids.
    """
    where = find_records(who)
    runs = Activity.objects.order_by("started_at", "pk")
    if run:
        chosen = list(runs.filter(Q(name=run) | Q(external_id=run)))
        if not chosen:
            raise ActivityNotFound(f"There is no run with the name or id {run}.")
        answers = [_answer(activity, where) for activity in chosen]
    else:
        found = (_answer(activity, where) for activity in runs.filter(_concerned(where)).distinct())
        answers = [item for item in found if item.exposure.step is not None]
    return Exposures(trainings=tuple(answers), complete=not where.hidden, reasons=where.hidden)


def _concerned(where: Whereabouts) -> Q:
    """Runs that have read what came of the records, or something whose people are not known."""
    unread = Artifact.objects.filter(kind__in=ROW_HOLDERS).filter(
        Q(indexed_at=None) | Q(due_reading__isnull=False)
    )
    suspects = {*where.reached, *reach_of(list(unread.values_list("pk", flat=True)))}
    made = Artifact.objects.filter(kind__in=MODELS).exclude(made_by=None)
    # A model that came from nothing may have come from anything.
    orphans = made.exclude(derivations_in__relation__in=(*TRAINING, *BASES))
    makers = made.filter(pk__in=suspects).union(orphans).values_list("made_by", flat=True)
    # A training whose model nobody logged has read its rows all the same.
    modelless = Q(used__overlap=list(suspects), made=None, kind=ActivityKind.MLFLOW_RUN)
    return Q(pk__in=list(makers)) | modelless


def _answer(activity: Activity, where: Whereabouts) -> RunExposure:
    exposure = _exposure_of(activity, where)
    return RunExposure(
        activity_id=activity.pk,
        name=activity.name,
        run_id=activity.external_id,
        exposure=exposure,
        checkpoints=sort_checkpoints(_checkpoints(activity), exposure),
    )


def _activity(activity_id: int) -> Activity:
    found = Activity.objects.filter(pk=activity_id).first()
    if found is None:
        raise ActivityNotFound(f"There is no run with the id {activity_id}.")
    return found


def _exposure_of(activity: Activity, where: Whereabouts) -> Exposure:
    datasets, bases = _inputs(activity)
    if not datasets and not bases:
        return unknown_exposure("What this run read is not recorded.", since=0)
    answers = [_by_base(base, since, where) for base, since in bases]
    direct: dict[str, None] = {}
    for dataset in datasets:
        held = _held_in(dataset, where)
        direct |= dict.fromkeys(held)
        if not held:
            answers.append(_by_dataset(dataset, where))
    if direct:
        answers.append(_by_rows(activity, datasets, tuple(direct)))
    return earliest(answers)


def _inputs(activity: Activity) -> tuple[list[Artifact], list[tuple[Artifact, int]]]:
    """Datasets that a run trained on, and models that it built on with the step they count from.

    Where nothing that it made is known, everything that it read counts as training.
    """
    edges = list(
        Derivation.objects.filter(downstream__made_by=activity, ended_at=None)
        .filter(relation__in=(*TRAINING, *BASES))
        .select_related("upstream")
        .order_by("upstream_id", "relation")
    )
    if not edges:
        used = list(Artifact.objects.filter(pk__in=activity.used).order_by("pk"))
        return (
            [artifact for artifact in used if artifact.kind in DATASETS],
            [(artifact, 0) for artifact in used if artifact.kind in MODELS],
        )
    datasets = {e.upstream_id: e.upstream for e in edges if e.relation in TRAINING}
    bases = {
        (e.upstream_id, BASES[Relation(e.relation)]): e.upstream
        for e in edges
        if e.relation in BASES
    }
    return list(datasets.values()), [(base, since) for (_, since), base in bases.items()]


def _held_in(dataset: Artifact, where: Whereabouts) -> list[str]:
    """Those of the records that lie in a dataset's own segments."""
    segments = Derivation.objects.filter(
        downstream=dataset, relation=Relation.PART_OF, upstream_id__in=list(where.records)
    ).values_list("upstream_id", flat=True)
    return sorted({record_id for segment in segments for record_id in where.records[segment]})


def _by_base(base: Artifact, since: int, where: Whereabouts) -> Exposure:
    reached = where.reached.get(base.pk)
    if reached is None or CARRIED.isdisjoint(reached.influence):
        return unknown_exposure(*where.hidden, since=since) if where.hidden else never_exposed()
    reason = f"It was made from {base.name}, which "
    if reached.certainty == "certain":
        return exposed_from(since, f"{reason}carries the records.")
    return unknown_exposure(f"{reason}possibly carries the records.", since=since)


def _by_dataset(dataset: Artifact, where: Whereabouts) -> Exposure:
    """What a dataset tells that holds none of the records in its own segments."""
    if dataset.kind in ROW_HOLDERS and (
        dataset.indexed_at is None or DueReading.objects.filter(artifact=dataset).exists()
    ):
        return unknown_exposure(f"The rows of {dataset.name} have not been read.")
    if dataset.pk in where.reached:
        return unknown_exposure(
            f"{dataset.name} held the records or was made from data that did; in which rows is no "
            "longer known."
        )
    if dataset.kind == ArtifactKind.SYNTHETIC_DATASET and where.hidden:
        return unknown_exposure(*where.hidden)
    return never_exposed()


def _by_rows(
    activity: Activity, datasets: Sequence[Artifact], record_ids: Sequence[str]
) -> Exposure:
    """Replay the recorded order over the rows that the training read."""
    tag = activity.tags.get(ORDER_TAG)
    if not tag:
        return unknown_exposure(f"The run recorded no order (tag {ORDER_TAG}).")
    try:
        order = read_order(tag)
        found = first_steps(
            order,
            ids=ids_in_order(datasets, order.row_order, started_at=activity.started_at),
            wanted=record_ids,
            recorded=recorded_rows(order),
        )
    except UnusableOrderError as error:
        return unknown_exposure(f"The recorded order cannot be used: {error}")
    except RowsNotAsReadError as error:
        return unknown_exposure(str(error))
    return earliest(
        never_exposed() if step is None else exposed_from(step) for step in found.values()
    )


def _checkpoints(activity: Activity) -> list[Checkpoint]:
    """The checkpoints of a run that still exist."""
    made = Artifact.objects.filter(made_by=activity, kind=ArtifactKind.CHECKPOINT)
    return [
        Checkpoint(
            id=artifact.pk,
            name=artifact.name,
            step=read_step(artifact.attributes.get(OPTIMIZER_STEP_TAG)),
        )
        for artifact in made.exclude(state=ArtifactState.DESTROYED).order_by("pk")
    ]
