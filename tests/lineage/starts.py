"""A graph with something to ask of each kind: two people's rows, models, a product."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from io import StringIO
from typing import Any

from django.core.management import call_command
from django.utils import timezone
from rest_framework.test import APIClient

from governance.services import issue_api_key
from governance.subjects import subject_digest
from lineage.graph import ArtifactKind, Relation
from lineage.models import Artifact, Derivation, Moment, Posting

ANN, BOB = "ann@example.org", "bob@example.org"


@dataclass(frozen=True, kw_only=True)
class Shop:
    """Ann's rows lie in both segments, Bob's in the second one."""

    first: Artifact
    second: Artifact
    rows: Artifact
    base: Artifact
    tuned: Artifact
    product: Artifact


def make(name: str, kind: ArtifactKind = ArtifactKind.MODEL, **fields: Any) -> Artifact:  # noqa: ANN401 - any column
    return Artifact.objects.create(kind=kind, identity=f"test:{name}", name=name, **fields)


def edge(upstream: Artifact, downstream: Artifact, relation: Relation) -> Derivation:
    return Derivation.objects.create(upstream=upstream, downstream=downstream, relation=relation)


def hold(email: str, *entries: tuple[Artifact, str], past: tuple[Artifact, ...] = ()) -> None:
    """Put records of one person into the record index."""
    who = subject_digest(email)
    Posting.objects.create(
        subject_digest=who.value,
        key_version=who.key_version,
        segments=[segment.pk for segment, _ in entries],
        record_ids=[record for _, record in entries],
        past_segments=[segment.pk for segment in past],
    )


def shop() -> Shop:
    found = Shop(
        first=make("segment-1", ArtifactKind.SEGMENT),
        second=make("segment-2", ArtifactKind.SEGMENT),
        rows=make("rows", ArtifactKind.DATASET_VERSION),
        base=make("base"),
        tuned=make("tuned", ArtifactKind.FINE_TUNE),
        product=make("product", ArtifactKind.PRODUCT),
    )
    edge(found.first, found.rows, Relation.PART_OF)
    edge(found.second, found.rows, Relation.PART_OF)
    edge(found.rows, found.base, Relation.TRAINED_ON)
    edge(found.rows, found.tuned, Relation.TRAINED_ON)
    edge(found.base, found.tuned, Relation.FINE_TUNED_FROM)
    edge(found.tuned, found.product, Relation.DEPLOYED_AS)
    hold(ANN, (found.first, "A-1"), (found.second, "A-2"))
    hold(BOB, (found.second, "B-1"))
    return found


def without_anybody() -> Artifact:
    """A cache of which every row was read; none is of anybody known."""
    return make("without anybody", ArtifactKind.CACHE, indexed_at=timezone.now())


def trained_again(old: Shop) -> Artifact:
    """A model that takes the base's place."""
    new = make("base-2")
    edge(old.base, new, Relation.RETRAINED_FROM)
    Artifact.objects.filter(pk=old.base.pk).update(state="superseded")
    return new


def last_moment() -> str:
    return Moment.objects.latest("at").at.isoformat()


def command(*words: str) -> str:
    out = StringIO()
    call_command("trace", *words, stdout=out)
    return out.getvalue()


def document(*words: str) -> Any:  # noqa: ANN401 - JSON
    return json.loads(command(*words, "--json"))


def names(items: list[Mapping[str, Any]]) -> list[str]:
    return [item["name"] for item in items]


def reader(scope: str = "lineage:read") -> APIClient:
    _, key = issue_api_key(name=scope, scopes=[scope])
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    return client
