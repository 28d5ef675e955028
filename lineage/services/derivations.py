"""The edges of the graph: what came from what, what a product serves, what was replaced."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from django.db.models import Q
from django.utils import timezone

from lineage.capture.merging import merge
from lineage.capture.observations import ActivityKey, ObservedDeployment, ObservedDerivation
from lineage.graph import COPYING, ArtifactKind, Relation, copy_relation
from lineage.models import Activity, Artifact, ArtifactState, Derivation

#: Edges that say: the upstream artifact was replaced.
SUPERSEDING = (
    Relation.RETRAINED_FROM,
    Relation.UNLEARNED_FROM,
    Relation.REDACTED_FROM,
    Relation.REGENERATED_FROM,
)
#: Edges from one dataset into another place; between two nodes there is one of them at a time.
COPYING_RELATIONS = (Relation.DERIVED_FROM, Relation.EXTRACTED_FROM, *COPYING.values())


def identities_to_ids(wanted: set[str], touched: Mapping[str, Artifact]) -> dict[str, int]:
    """Ids of artifacts by identity, those of earlier batches included."""
    ids = {identity: touched[identity].pk for identity in wanted if identity in touched}
    rest = wanted - set(ids)
    if rest:
        ids |= dict(Artifact.objects.filter(identity__in=rest).values_list("identity", "pk"))
    return ids


def record_derivations(
    seen: Iterable[ObservedDerivation],
    artifacts: Mapping[str, Artifact],
    activities: Mapping[ActivityKey, Activity],
) -> None:
    """Add edges that do not hold yet; of several runs that made one edge, the earliest counts."""
    seen = list(seen)
    ids = identities_to_ids({i for d in seen for i in (d.upstream, d.downstream)}, artifacts)
    kinds = _kinds(set(ids.values()))
    held = {
        (e.upstream_id, e.downstream_id, e.relation): e
        for e in Derivation.objects.select_related("activity").filter(
            downstream_id__in=set(ids.values()), ended_at=None
        )
    }
    fresh: dict[tuple[int, int, str], Derivation] = {}
    changed = []
    for derivation in seen:
        upstream, downstream = ids[derivation.upstream], ids[derivation.downstream]
        relation = derivation.relation
        if relation is Relation.DERIVED_FROM:
            relation = copy_relation(kinds[upstream], kinds[downstream])
        edge = (upstream, downstream, relation.value)
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


def _kinds(ids: Collection[int]) -> dict[int, ArtifactKind]:
    rows = Artifact.objects.filter(pk__in=ids).values_list("pk", "kind")
    return {pk: ArtifactKind(kind) for pk, kind in rows}


def settle_copies(changed: Collection[int]) -> None:
    """Bring the edges of artifacts in line with a kind that became known only now.

    So the kind may be told before or after the edge: what holds in the end is the same.

    Args:
        changed: Ids of artifacts whose kind has changed.
    """
    edges = list(
        Derivation.objects.filter(relation__in=COPYING_RELATIONS, ended_at=None).filter(
            Q(upstream__in=changed) | Q(downstream__in=changed)
        )
    )
    kinds = _kinds({pk for edge in edges for pk in (edge.upstream_id, edge.downstream_id)})
    for edge in edges:
        edge.relation = copy_relation(kinds[edge.upstream_id], kinds[edge.downstream_id])
    Derivation.objects.bulk_update(edges, ["relation"], batch_size=500)


def _earlier(new: Derivation, old: Derivation) -> bool:
    def weight(edge: Derivation) -> tuple[bool, float, str]:
        at = edge.occurred_at
        return (
            at is None,
            at.timestamp() if at else 0.0,
            edge.activity.external_id if edge.activity else "",
        )

    return weight(new) < weight(old)


def record_deployments(
    seen: Iterable[ObservedDeployment], artifacts: Mapping[str, Artifact]
) -> None:
    """Make each product use exactly what was seen last; what it uses no longer has ended."""
    in_order = sorted(
        seen, key=lambda d: (d.observed_at, d.product, sorted(d.serves), sorted(d.retrieves))
    )
    for deployment in in_order:
        used = {"serves": deployment.serves, "retrieves": deployment.retrieves}
        ids = identities_to_ids(
            {deployment.product, *deployment.serves, *deployment.retrieves}, artifacts
        )
        product = Artifact.objects.get(pk=ids[deployment.product])
        for what, identities in used.items():
            if _is_newest(product, what, sorted(identities), deployment.observed_at):
                upstream = {ids[identity] for identity in identities}
                _switch(product, _OF_PRODUCTS[what], upstream, deployment.observed_at)


#: Attribute of a product → the edge that it stands for.
_OF_PRODUCTS = {"serves": Relation.DEPLOYED_AS, "retrieves": Relation.RETRIEVES_FROM}


def _is_newest(product: Artifact, what: str, wanted: list[str], at: datetime) -> bool:
    """Note what a product was seen to use, unless something newer is on record."""
    fields: dict[str, object] = {what: product.attributes.get(what)}
    merge(fields, product.stamps, {what: wanted}, at)
    if fields[what] != wanted:
        return False
    product.attributes[what] = wanted
    product.save(update_fields=["attributes", "stamps"])
    return True


def _switch(product: Artifact, relation: Relation, upstream: set[int], at: datetime) -> None:
    """End the edges that ceased to hold and begin the new ones."""
    edges = Derivation.objects.filter(downstream=product, relation=relation, ended_at=None)
    edges.exclude(upstream_id__in=upstream).update(ended_at=at)
    held = set(edges.values_list("upstream_id", flat=True))
    Derivation.objects.bulk_create(
        Derivation(upstream_id=fresh, downstream=product, relation=relation, occurred_at=at)
        for fresh in sorted(upstream - held)
    )


def supersede(seen: Iterable[ObservedDerivation]) -> None:
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
