"""The one writer of the graph: observations go in, in any order and any number of times."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import transaction

from lineage.capture.merging import merge
from lineage.capture.observations import (
    ActivityKey,
    Observations,
    ObservedActivity,
    ObservedArtifact,
)
from lineage.graph import MODELS, ArtifactKind
from lineage.locks import lock_graph
from lineage.models import (
    MENTIONED,
    OTHER_DIGESTS,
    USED_AFTER_DESTRUCTION,
    Activity,
    Artifact,
    ArtifactState,
)
from lineage.services.derivations import (
    identities_to_ids,
    record_deployments,
    record_derivations,
    settle_copies,
    supersede,
)
from lineage.services.later_uses import note_later_uses
from lineage.services.standing import settle_names

#: Kinds of model, the vaguest first: a later look never makes the kind vaguer.
MODEL_KINDS = (
    ArtifactKind.MODEL,
    ArtifactKind.FINE_TUNE,
    ArtifactKind.ADAPTER,
    ArtifactKind.DISTILLED,
    ArtifactKind.MERGED,
    ArtifactKind.QUANTIZED,
    ArtifactKind.REWARD_MODEL,
    ArtifactKind.CHECKPOINT,
    ArtifactKind.EMBEDDING_INDEX,
)

#: Attribute of datasets whose owner said what they are.
DECLARED_KIND = "declared_kind"
#: Attributes that tell of a destruction.
DESTRUCTION = frozenset({"destroyed_at", "receipts", USED_AFTER_DESTRUCTION})
#: Attributes that tell of one content: what takes its place does not inherit them.
OF_ONE_CONTENT = DESTRUCTION | {OTHER_DIGESTS}

ACTIVITY_FIELDS = ("name", "recipe", "started_at", "ended_at", "seconds", "status")
ARTIFACT_FIELDS = ("name", "digest", "location", "occurred_at")


@transaction.atomic
def record_observations(observations: Observations) -> None:
    """Merge observations into the graph; all of them or, on an error, none.

    The same observations in another order, in other batches or repeated lead to the same graph;
    only since when a product serves a model is as exact as the order of arrival allowed.

    Args:
        observations: What a capture source saw. Artifacts that derivations name must have been
            observed or mentioned, here or before.

    Raises:
        KeyError: A derivation names an artifact that nobody mentioned.
    """
    lock_graph()
    observations = settle_names(observations)
    artifacts = _record_artifacts(observations.artifacts)
    activities = _record_activities(observations.activities, _named_runs(observations), artifacts)
    _link_makers(observations.artifacts, artifacts, activities)
    record_derivations(observations.derivations, artifacts, activities)
    record_deployments(observations.deployments, artifacts)
    supersede(observations.derivations)
    sources = identities_to_ids({d.upstream for d in observations.derivations}, artifacts)
    used = {pk for run in activities.values() for pk in run.used}
    note_later_uses(used | set(sources.values()), [run.pk for run in activities.values()])


def _record_artifacts(seen: Iterable[ObservedArtifact]) -> dict[str, Artifact]:
    """Create or merge artifacts; returns the touched ones by identity."""
    seen = list(seen)
    rows = _by_identity({artifact.identity for artifact in seen})
    missing = {a.identity: a for a in seen if a.identity not in rows}
    Artifact.objects.bulk_create(
        Artifact(identity=identity, kind=a.kind.value, attributes={MENTIONED: True}, stamps={})
        for identity, a in missing.items()
    )
    rows |= _by_identity(set(missing))
    before = {row.pk: row.kind for row in rows.values()}
    for artifact in seen:
        _merge_artifact(rows[artifact.identity], artifact)
    Artifact.objects.bulk_update(
        rows.values(),
        ["kind", "state", "indexed_at", *ARTIFACT_FIELDS, "attributes", "stamps"],
        batch_size=500,
    )
    settle_copies([row.pk for row in rows.values() if row.kind != before[row.pk]])
    return rows


def _by_identity(identities: set[str]) -> dict[str, Artifact]:
    return {a.identity: a for a in Artifact.objects.filter(identity__in=identities)}


def _merge_artifact(row: Artifact, seen: ObservedArtifact) -> None:
    """Merge one observation; a mere mention only fills what nobody has described yet."""
    if not seen.seen:
        if MENTIONED in row.attributes:
            values: dict[str, object] = {"name": seen.name, "location": seen.location}
            _merge_row(row, ARTIFACT_FIELDS, ("attributes",), values, seen.observed_at)
        return
    if row.attributes.pop(MENTIONED, False):
        # What a mention guessed must not outlive the first real description, in either order.
        row.name, row.location, row.stamps = "", "", {}
    before = row.digest
    values = {name: getattr(seen, name) for name in ARTIFACT_FIELDS}
    values |= {f"attributes.{key}": value for key, value in seen.attributes.items()}
    _merge_row(row, ARTIFACT_FIELDS, ("attributes",), values, seen.observed_at)
    row.kind = _kind(row, seen)
    if seen.kind in MODELS:
        note_other_digests(row, before, seen.digest)
    if _made_again(row, seen):
        row.state, row.indexed_at = ArtifactState.CURRENT, None
        row.attributes = {k: v for k, v in row.attributes.items() if k not in OF_ONE_CONTENT}


def note_other_digests(row: Artifact, *seen: str) -> None:
    """Keep the digests of content that was seen under an identity besides the recorded one.

    All that were ever seen are kept, so the order in which they are seen is of no account.
    """
    others = {*seen, *row.attributes.get(OTHER_DIGESTS, ())} - {"", row.digest}
    if others:
        row.attributes[OTHER_DIGESTS] = sorted(others)


def _kind(row: Artifact, seen: ObservedArtifact) -> str:
    """What a row is after one more look.

    A later look never makes the kind of a model vaguer. A dataset is what its owner last said
    that it is; where nobody said anything, a dataset version.
    """
    if row.kind in MODEL_KINDS and seen.kind in MODEL_KINDS:
        return max(ArtifactKind(row.kind), seen.kind, key=MODEL_KINDS.index).value
    return str(row.attributes.get(DECLARED_KIND, row.kind))


def _made_again(row: Artifact, seen: ObservedArtifact) -> bool:
    """Whether a source saw an artifact being made after it was destroyed."""
    destroyed = row.attributes.get("destroyed_at")
    if row.state != ArtifactState.DESTROYED or not destroyed or seen.occurred_at is None:
        return False
    return seen.occurred_at > datetime.fromisoformat(destroyed)


def _merge_row(
    row: Artifact | Activity,
    columns: tuple[str, ...],
    objects: tuple[str, ...],
    values: Mapping[str, object],
    observed_at: datetime,
) -> None:
    """Merge into the columns of a row and into the keys of its JSON objects."""
    fields: dict[str, object] = {name: getattr(row, name) for name in columns}
    for name in objects:
        fields |= {f"{name}.{key}": value for key, value in getattr(row, name).items()}
    merge(fields, row.stamps, values, observed_at)
    for name in columns:
        setattr(row, name, fields.pop(name))
    for name in objects:
        start = f"{name}."
        setattr(
            row,
            name,
            {k.removeprefix(start): v for k, v in fields.items() if k.startswith(start)},
        )


def _named_runs(observations: Observations) -> set[ActivityKey]:
    """Runs that artifacts and edges name; they may be described later, or never."""
    makers = {artifact.made_by for artifact in observations.artifacts}
    makers |= {derivation.activity for derivation in observations.derivations}
    return {key for key in makers if key is not None}


def _record_activities(
    seen: Iterable[ObservedActivity], named: set[ActivityKey], artifacts: Mapping[str, Artifact]
) -> dict[ActivityKey, Activity]:
    """Create or merge runs; returns the touched and the named ones by key."""
    seen = list(seen)
    rows = _by_key({activity.key for activity in seen} | named)
    missing = ({a.key for a in seen} | named) - set(rows)
    Activity.objects.bulk_create(
        Activity(kind=key.kind, external_id=key.external_id, params={}, tags={}, stamps={})
        for key in sorted(missing, key=lambda key: (key.kind, key.external_id))
    )
    rows |= _by_key(missing)
    ids = identities_to_ids({i for a in seen for i in a.used}, artifacts)
    for activity in seen:
        row = rows[activity.key]
        values: dict[str, object] = {n: getattr(activity, n) for n in ACTIVITY_FIELDS}
        values |= {f"params.{k}": v for k, v in activity.params.items()}
        values |= {f"tags.{k}": v for k, v in activity.tags.items()}
        _merge_row(row, ACTIVITY_FIELDS, ("params", "tags"), values, activity.observed_at)
        row.used = sorted({*row.used, *(ids[i] for i in activity.used if i in ids)})
    Activity.objects.bulk_update(
        rows.values(), [*ACTIVITY_FIELDS, "params", "tags", "stamps", "used"], batch_size=500
    )
    return rows


def _by_key(keys: set[ActivityKey]) -> dict[ActivityKey, Activity]:
    rows = Activity.objects.filter(external_id__in={key.external_id for key in keys})
    found = {ActivityKey(kind=row.kind, external_id=row.external_id): row for row in rows}
    return {key: row for key, row in found.items() if key in keys}


def _link_makers(
    seen: Iterable[ObservedArtifact],
    artifacts: Mapping[str, Artifact],
    activities: Mapping[ActivityKey, Activity],
) -> None:
    """Set the run that made each artifact; of several, the latest observed counts."""
    changed = []
    for artifact in seen:
        if artifact.made_by is None:
            continue
        row = artifacts[artifact.identity]
        external = f"{artifact.made_by.kind}:{artifact.made_by.external_id}"
        fields: dict[str, object] = {"made_by": row.attributes.get("made_by")}
        merge(fields, row.stamps, {"made_by": external}, artifact.observed_at)
        if fields["made_by"] == external:
            row.attributes["made_by"] = external
            row.made_by = activities[artifact.made_by]
        changed.append(row)
    Artifact.objects.bulk_update(changed, ["made_by", "attributes", "stamps"], batch_size=500)
