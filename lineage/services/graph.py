"""The one writer of the graph: observations go in, in any order and any number of times."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from lineage.capture.merging import merge
from lineage.capture.observations import (
    ActivityKey,
    Observations,
    ObservedActivity,
    ObservedArtifact,
    ObservedDeployment,
    ObservedDerivation,
)
from lineage.graph import ArtifactKind, Relation
from lineage.models import Activity, Artifact, ArtifactState, Derivation

#: Key of the advisory lock that all writers of the graph take ("lineage" in ASCII, cut to 63 bits).
GRAPH_LOCK = 0x6C696E65616765
#: Edges that say: the upstream artifact was replaced.
SUPERSEDING = (Relation.RETRAINED_FROM, Relation.UNLEARNED_FROM, Relation.REDACTED_FROM)
#: Kinds of model, the vaguest first: a later look never makes the kind vaguer.
MODEL_KINDS = (ArtifactKind.CHECKPOINT, ArtifactKind.FINE_TUNE, ArtifactKind.EMBEDDING_INDEX)

#: Attribute of artifacts that others name, but that their own source never showed.
MENTIONED = "mentioned"

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
    artifacts = _record_artifacts(observations.artifacts)
    activities = _record_activities(observations.activities, _named_runs(observations), artifacts)
    _link_makers(observations.artifacts, artifacts, activities)
    _record_derivations(observations.derivations, artifacts, activities)
    _record_deployments(observations.deployments, artifacts)
    _supersede(observations.derivations)


def lock_graph() -> None:
    """Wait for the lock of the graph's writers, held until the transaction ends.

    It guarantees that no other writer finds a row absent, or reads its fields, between our
    reading and our writing: nothing is made twice and no merge is lost.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [GRAPH_LOCK])


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
    for artifact in seen:
        _merge_artifact(rows[artifact.identity], artifact)
    Artifact.objects.bulk_update(
        rows.values(), ["kind", *ARTIFACT_FIELDS, "attributes", "stamps"], batch_size=500
    )
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
    if row.kind in MODEL_KINDS and seen.kind in MODEL_KINDS:
        row.kind = max(ArtifactKind(row.kind), seen.kind, key=MODEL_KINDS.index).value
    values = {name: getattr(seen, name) for name in ARTIFACT_FIELDS}
    values |= {f"attributes.{key}": value for key, value in seen.attributes.items()}
    _merge_row(row, ARTIFACT_FIELDS, ("attributes",), values, seen.observed_at)


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
    ids = _identities_to_ids({i for a in seen for i in a.used}, artifacts)
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


def _identities_to_ids(wanted: set[str], touched: Mapping[str, Artifact]) -> dict[str, int]:
    """Ids of artifacts by identity, those of earlier batches included."""
    ids = {identity: touched[identity].pk for identity in wanted if identity in touched}
    rest = wanted - set(ids)
    if rest:
        ids |= dict(Artifact.objects.filter(identity__in=rest).values_list("identity", "pk"))
    return ids


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


def _record_derivations(
    seen: Iterable[ObservedDerivation],
    artifacts: Mapping[str, Artifact],
    activities: Mapping[ActivityKey, Activity],
) -> None:
    """Add edges that do not hold yet; of several runs that made one edge, the earliest counts."""
    seen = list(seen)
    ids = _identities_to_ids({i for d in seen for i in (d.upstream, d.downstream)}, artifacts)
    held = {
        (e.upstream_id, e.downstream_id, e.relation): e
        for e in Derivation.objects.select_related("activity").filter(
            downstream_id__in=set(ids.values()), ended_at=None
        )
    }
    fresh: dict[tuple[int, int, str], Derivation] = {}
    changed = []
    for derivation in seen:
        edge = (ids[derivation.upstream], ids[derivation.downstream], derivation.relation.value)
        new = Derivation(
            upstream_id=edge[0],
            downstream_id=edge[1],
            relation=edge[2],
            activity=activities[derivation.activity] if derivation.activity else None,
            occurred_at=derivation.occurred_at,
        )
        old = held.get(edge) or fresh.get(edge)
        if old is None:
            fresh[edge] = new
        elif _earlier(new, old):
            old.activity, old.occurred_at = new.activity, new.occurred_at
            if old.pk:
                changed.append(old)
    Derivation.objects.bulk_create(fresh.values(), batch_size=500)
    Derivation.objects.bulk_update(changed, ["activity", "occurred_at"], batch_size=500)


def _earlier(new: Derivation, old: Derivation) -> bool:
    def weight(edge: Derivation) -> tuple[bool, float, str]:
        at = edge.occurred_at
        return (
            at is None,
            at.timestamp() if at else 0.0,
            edge.activity.external_id if edge.activity else "",
        )

    return weight(new) < weight(old)


def _record_deployments(
    seen: Iterable[ObservedDeployment], artifacts: Mapping[str, Artifact]
) -> None:
    """Make each product serve exactly what was seen last; what it serves no longer has ended."""
    for deployment in sorted(seen, key=lambda d: (d.observed_at, d.product, sorted(d.serves))):
        ids = _identities_to_ids({deployment.product, *deployment.serves}, artifacts)
        product = Artifact.objects.get(pk=ids[deployment.product])
        wanted: object = sorted(deployment.serves)
        fields: dict[str, object] = {"serves": product.attributes.get("serves")}
        merge(fields, product.stamps, {"serves": wanted}, deployment.observed_at)
        if fields["serves"] != wanted:
            continue
        product.attributes["serves"] = wanted
        product.save(update_fields=["attributes", "stamps"])
        _switch(product, {ids[identity] for identity in deployment.serves}, deployment.observed_at)


def _switch(product: Artifact, serves: set[int], at: datetime) -> None:
    """End the edges that ceased to hold and begin the new ones."""
    edges = Derivation.objects.filter(
        downstream=product, relation=Relation.DEPLOYED_AS, ended_at=None
    )
    edges.exclude(upstream_id__in=serves).update(ended_at=at)
    held = set(edges.values_list("upstream_id", flat=True))
    Derivation.objects.bulk_create(
        Derivation(
            upstream_id=upstream,
            downstream=product,
            relation=Relation.DEPLOYED_AS,
            occurred_at=at,
        )
        for upstream in sorted(serves - held)
    )


def _supersede(seen: Iterable[ObservedDerivation]) -> None:
    """Mark what was replaced; state only ever moves away from current."""
    replaced = {d.upstream for d in seen if d.relation in SUPERSEDING}
    Artifact.objects.filter(identity__in=replaced, state=ArtifactState.CURRENT).update(
        state=ArtifactState.SUPERSEDED
    )


def end_derivations(condition: Q) -> int:
    """End edges that no longer hold; history keeps them.

    Args:
        condition: Which edges; only those that still hold are touched.

    Returns:
        How many were ended.
    """
    return Derivation.objects.filter(condition, ended_at=None).update(ended_at=timezone.now())
