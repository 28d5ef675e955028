"""Whether a training would be allowed now, from what is recorded."""

from collections.abc import Hashable, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet

from lineage.capture.locations import local_path, normalise_location
from lineage.graph import DATASETS, ROW_HOLDERS, Relation
from lineage.models import (
    Artifact,
    ArtifactState,
    Derivation,
    DueReading,
    Posting,
    SubjectChoice,
)
from lineage.permission import (
    Choice,
    MadeChoice,
    Permission,
    Person,
    Refusal,
    WantedDataset,
    decide,
)
from lineage.records import MalformedRecordsError, layout_from, segment_paths
from lineage.selectors.knowledge import one_moment
from lineage.selectors.postings import entries_of
from lineage.terms import terms_of


def allowed_to_train(names: Sequence[str], *, purpose: str, now: datetime) -> Permission:
    """Decide whether a training may read datasets now.

    Args:
        names: Datasets by name, identity or location. A name that stands for several versions in
            use asks for all of them.
        purpose: What for, as :func:`lineage.terms.purpose_in` spells it.
        now: The moment of the question.
    """
    with one_moment():
        wanted = [dataset for name in names for dataset in _wanted(name)]
    return decide(wanted, purpose=purpose, now=now)


def records_concerned(refusal: Refusal) -> tuple[str, ...]:
    """Name the records of the people whom a refusal is about, in its dataset; sorted."""
    segments = set(_segments(refusal.dataset_id))
    people = Posting.objects.filter(pk__in=refusal.subjects)
    return tuple(
        sorted(
            {
                record_id
                for posting in people
                for segment, record_id in entries_of(posting)
                if segment in segments and record_id
            }
        )
    )


def permission_document(permission: Permission, *, records: bool) -> dict[str, Any]:
    """Render a permission; people are counted, and their records named only where asked for.

    Keys: ``allowed``, ``purpose``, ``asked_at``, ``datasets``, ``refusals`` (rule, dataset,
    unknown, people, why, remedy, and with ``records`` record_ids).
    """
    return {
        "allowed": permission.allowed,
        "purpose": permission.purpose,
        "asked_at": permission.asked_at.isoformat(),
        "datasets": list(permission.datasets),
        "refusals": [
            {
                "rule": refusal.rule,
                "dataset": refusal.dataset,
                "unknown": refusal.unknown,
                "people": len(refusal.subjects),
                "why": refusal.why,
                "remedy": refusal.remedy,
            }
            | ({"record_ids": list(records_concerned(refusal))} if records else {})
            for refusal in permission.refusals
        ],
    }


def _wanted(name: str) -> list[WantedDataset]:
    found = list(_named(name))
    # Versions that were replaced are meant only where nothing in use has the name.
    current = [artifact for artifact in found if artifact.state == ArtifactState.CURRENT]
    return [_dataset(name, artifact) for artifact in current or found] or [
        WantedDataset(asked=name, name="")
    ]


def _named(name: str) -> QuerySet[Artifact]:
    same = Q(identity=name) | Q(name=name) | Q(attributes__dataset=name)
    # What took a version's place after a redaction goes on under its name.
    same |= Q(attributes__successor_of__identity=name) | Q(attributes__successor_of__name=name)
    if "/" in name:
        same |= Q(location=normalise_location(name))
    return Artifact.objects.filter(same, kind__in=DATASETS).order_by("pk")


def _dataset(asked: str, artifact: Artifact) -> WantedDataset:
    present = Posting.objects.filter(segments__overlap=_segments(artifact.pk))
    return WantedDataset(
        asked=asked,
        name=artifact.name,
        id=artifact.pk,
        state=artifact.state,
        unread_because=_unread(artifact),
        terms=terms_of(artifact.attributes),
        choices_apart=_choices_apart(present),
        subjects=frozenset(map(bytes, present.values_list("pk", flat=True))),
        people=_people(present),
    )


def _segments(dataset_id: int) -> list[int]:
    edges = Derivation.objects.filter(
        downstream=dataset_id, relation=Relation.PART_OF, ended_at=None
    )
    return list(edges.values_list("upstream_id", flat=True))


def _unread(artifact: Artifact) -> str:
    """Why the people in a dataset are not known; of made-up rows there are none."""
    if artifact.kind not in ROW_HOLDERS or artifact.state != ArtifactState.CURRENT:
        return ""
    due = DueReading.objects.filter(artifact=artifact).first()
    if due is not None:
        return due.trouble or "its rows are waiting to be read."
    if artifact.indexed_at is None:
        return "its rows were never read."
    return (
        "its files were written after its rows were read."
        if _written_since(artifact, artifact.indexed_at)
        else ""
    )


def _written_since(artifact: Artifact, moment: datetime) -> bool:
    """Whether a file of rows is newer than a moment; of files elsewhere nobody can tell here."""
    directory = local_path(artifact.location)
    layout = layout_from(artifact.attributes)
    if directory is None or layout is None:
        return False
    try:
        files = segment_paths(directory, layout.format)
    except MalformedRecordsError:
        return False
    return any(file.stat().st_mtime > moment.timestamp() for file in files)


def _choices_apart(present: QuerySet[Posting]) -> bool:
    """Whether some choice is not recorded under a version of the key that these people are under.

    A choice is written down once for each version there is. After a rotation the new version has
    the older choices of those whose rows were read anew, and of the others when they were told
    again: as many of one kind, purpose and moment as any other version has.
    """
    chosen_under = set(SubjectChoice.objects.values_list("key_version", flat=True).distinct())
    versions = set(present.values_list("key_version", flat=True).distinct())
    return any(
        SubjectChoice.objects.values("choice", "purpose", "chosen_at")
        .annotate(
            here=Count("pk", filter=Q(key_version=version)),
            there=Count("pk", filter=Q(key_version=other)),
        )
        .filter(there__gt=F("here"))
        .exists()
        for version in versions
        for other in chosen_under - {version}
    )


def _people(present: QuerySet[Posting]) -> dict[Hashable, Person]:
    """Those in a dataset of whom choices or a redaction are recorded, by key."""
    choices, taken_out = _choices(present), _taken_out(present)
    return {
        key: Person(choices=tuple(choices.get(key, ())), taken_out_at=taken_out.get(key))
        for key in choices.keys() | taken_out.keys()
    }


def _choices(present: QuerySet[Posting]) -> dict[bytes, list[MadeChoice]]:
    """Every choice of the people in a dataset."""
    theirs = Exists(present.filter(subject_digest=OuterRef("subject_digest")))
    made: dict[bytes, list[MadeChoice]] = {}
    for row in SubjectChoice.objects.filter(theirs).iterator():
        choice = MadeChoice(choice=Choice(row.choice), purpose=row.purpose, chosen_at=row.chosen_at)
        made.setdefault(bytes(row.subject_digest), []).append(choice)
    return made


def _taken_out(present: QuerySet[Posting]) -> dict[bytes, datetime]:
    """When rows of the people in a dataset were last taken out by a redaction.

    A past segment that another one took the place of was rewritten without their row. One that
    was destroyed as a whole, as a cache is, tells nothing of the people in it.
    """
    redacted = present.filter(past_segments__isnull=False).values_list("pk", "past_segments")
    past = {bytes(key): segments or [] for key, segments in redacted}
    rewritten = dict(
        Derivation.objects.filter(
            upstream_id__in={segment for segments in past.values() for segment in segments},
            relation=Relation.REDACTED_FROM,
        )
        .values("upstream_id")
        .annotate(at=Max("recorded_at"))
        .values_list("upstream_id", "at")
    )
    found = {
        key: [rewritten[segment] for segment in segments if segment in rewritten]
        for key, segments in past.items()
    }
    return {key: max(moments) for key, moments in found.items() if moments}
