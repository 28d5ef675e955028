"""The writer of the graph: order and repetition of observations do not matter."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from lineage.capture.observations import (
    ActivityKey,
    Observations,
    ObservedActivity,
    ObservedArtifact,
    ObservedDeployment,
    ObservedDerivation,
)
from lineage.graph import ArtifactKind, Relation
from lineage.models import Activity, Artifact, Derivation
from lineage.services import record_observations

pytestmark = pytest.mark.django_db
START = datetime(2026, 11, 1, tzinfo=UTC)
RUN, LATER_RUN = (ActivityKey(kind="mlflow_run", external_id=name) for name in ("r1", "r2"))


def at(hours: int) -> datetime:
    return START + timedelta(hours=hours)


def model(
    identity: str, hours: int, name: str, *, seen: bool = True, **attributes: object
) -> ObservedArtifact:
    return ObservedArtifact(
        identity=identity,
        kind=ArtifactKind.MODEL,
        observed_at=at(hours),
        name=name,
        seen=seen,
        made_by=RUN if seen else None,
        attributes=attributes,
        occurred_at=at(hours),
    )


def dataset(identity: str, hours: int, says: ArtifactKind | None = None) -> ObservedArtifact:
    return ObservedArtifact(
        identity=identity,
        kind=says or ArtifactKind.DATASET_VERSION,
        observed_at=at(hours),
        name=identity,
        attributes={"declared_kind": says, "description": f"as of {hours}"},
        occurred_at=at(hours),
    )


def derived(upstream: str, downstream: str, relation: Relation) -> ObservedDerivation:
    return ObservedDerivation(upstream=upstream, downstream=downstream, relation=relation)


def run(key: ActivityKey, hours: int, status: str) -> ObservedActivity:
    return ObservedActivity(
        key=key,
        observed_at=at(hours),
        name=f"run {key.external_id} {hours}",
        started_at=at(hours),
        ended_at=at(hours) if status == "FINISHED" else None,
        status=status,
        params={"seed": str(hours)},
        used=("m:base",),
    )


#: What a source may show in one day, each as a batch of its own; they contradict each other on
#: purpose. Derivations come with the artifacts they name.
BASE = model("m:base", 0, "m:base", seen=False)
PRODUCT = ObservedArtifact(
    identity="product:shop", kind=ArtifactKind.PRODUCT, observed_at=at(1), name="shop"
)
BATCHES = (
    Observations(artifacts=(BASE,), activities=(run(RUN, 1, "RUNNING"),)),
    Observations(artifacts=(BASE,), activities=(run(RUN, 2, "FINISHED"),)),
    Observations(artifacts=(model("m:base", 3, "base v1", epochs="3", note=None),)),
    Observations(artifacts=(model("m:base", 4, "base v2", epochs="4"),)),
    Observations(artifacts=(model("m:base", 4, "base v2b", extra=[1, 2]),)),
    Observations(
        artifacts=(model("m:base", 5, "other mention", seen=False), model("m:fine", 5, "fine")),
        activities=(run(RUN, 5, "FINISHED"), run(LATER_RUN, 6, "FINISHED")),
        derivations=tuple(
            ObservedDerivation(
                upstream="m:base",
                downstream="m:fine",
                relation=Relation.FINE_TUNED_FROM,
                activity=key,
                occurred_at=at(hours),
            )
            for key, hours in ((LATER_RUN, 6), (RUN, 5))
        ),
    ),
    Observations(
        artifacts=(model("m:base", 1, "m:base", seen=False), model("m:new", 7, "new")),
        derivations=(
            ObservedDerivation(
                upstream="m:base", downstream="m:new", relation=Relation.RETRAINED_FROM
            ),
        ),
    ),
    *(
        Observations(
            artifacts=(PRODUCT, model("m:new", 7, "new"), model("m:fine", 5, "fine")),
            deployments=(
                ObservedDeployment(product="product:shop", observed_at=at(hours), serves=serves),
            ),
        )
        for hours, serves in ((8, ("m:fine",)), (9, ("m:new", "m:fine")), (10, ("m:new",)))
    ),
    # Edges into datasets, before and after somebody says what they are; one word is taken back.
    Observations(
        artifacts=(dataset("d:rows", 1), dataset("d:log", 1), dataset("d:lake", 1)),
        derivations=(
            derived("d:rows", "d:log", Relation.DERIVED_FROM),
            derived("d:rows", "d:lake", Relation.DERIVED_FROM),
        ),
    ),
    Observations(artifacts=(dataset("d:log", 2, ArtifactKind.CACHE),)),
    Observations(artifacts=(dataset("d:log", 3, ArtifactKind.LOG),)),
    Observations(artifacts=(dataset("d:lake", 2, ArtifactKind.RECIPIENT),)),
    Observations(artifacts=(dataset("d:log", 4), dataset("d:rows", 4))),
    Observations(
        artifacts=(BASE, dataset("d:sampled", 5, ArtifactKind.SYNTHETIC_DATASET)),
        derivations=(derived("m:base", "d:sampled", Relation.SYNTHESIZED_BY),),
    ),
)

#: A dataset that is redacted twice while a pipeline writes it again and again under one name.
REDACTED = ("d:night", "d:night+1", "d:night+2")
NIGHTS = tuple(
    Observations(
        artifacts=(
            dataset("d:night", hours),
            replace(dataset("d:night", hours), occurred_at=None),
            dataset(f"d:source {hours}", 0),
            dataset(f"d:copy {hours}", hours),
        ),
        activities=(replace(run(RUN, hours, "FINISHED"), used=("d:night",)),),
        derivations=tuple(
            replace(edge, occurred_at=at(hours))
            for edge in (
                derived(f"d:source {hours}", "d:night", Relation.DERIVED_FROM),
                derived("d:night", f"d:copy {hours}", Relation.DERIVED_FROM),
            )
        ),
    )
    for hours in (1, 2, 11, 12, 21, 22)
)


def redact_twice() -> None:
    """At ten o'clock and at twenty."""
    rows = [
        Artifact.objects.create(
            identity=identity,
            name=f"{identity} now",
            kind=ArtifactKind.DATASET_VERSION,
            state=state,
            occurred_at=at(10 * number),
        )
        for number, (identity, state) in enumerate(
            zip(REDACTED, ("superseded", "superseded", "current"), strict=True)
        )
    ]
    for old, new in pairwise(rows):
        Derivation.objects.create(upstream=old, downstream=new, relation=Relation.REDACTED_FROM)


def graph_now() -> dict[str, Any]:
    """The graph without numbers, and without the history of what a product served."""
    names = dict(Artifact.objects.values_list("pk", "identity"))
    return {
        "artifacts": sorted(
            Artifact.objects.values_list(
                "identity", "kind", "name", "state", "attributes", "occurred_at", "made_by__name"
            ),
            key=lambda row: str(row[0]),
        ),
        "activities": sorted(
            (a.external_id, a.name, a.status, a.params, a.started_at, a.ended_at, len(a.used))
            for a in Activity.objects.all()
        ),
        "edges": sorted(
            (
                names[e.upstream_id],
                names[e.downstream_id],
                e.relation,
                str(e.activity),
                "" if e.relation == Relation.DEPLOYED_AS else str(e.occurred_at),
            )
            for e in Derivation.objects.filter(ended_at=None).select_related("activity")
        ),
    }


def recorded(batches: list[Observations]) -> dict[str, Any]:
    """The graph that these batches lead to, from one redacted dataset and back to it."""
    with transaction.atomic():
        redact_twice()
        for batch in batches:
            record_observations(batch)
        found = graph_now()
        transaction.set_rollback(True)
    return found


@pytest.fixture
def in_order() -> dict[str, Any]:
    return recorded([*BATCHES, *NIGHTS])


@settings(
    max_examples=20,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking would take minutes here
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(random=st.randoms(use_true_random=False), repeated=st.integers(0, len(BATCHES) - 1))
def test_shuffled_and_repeated_observations_lead_to_the_same_graph(
    in_order: dict[str, Any], random: Random, repeated: int
) -> None:
    shuffled = [*BATCHES, *NIGHTS, BATCHES[repeated], BATCHES[0], NIGHTS[repeated % len(NIGHTS)]]
    random.shuffle(shuffled)
    assert recorded(shuffled) == in_order
    assert recorded([sum(shuffled[1:], shuffled[0])]) == in_order


@pytest.mark.parametrize("nights", [NIGHTS, NIGHTS[::-1]])
def test_what_is_written_and_read_after_a_redaction_is_the_version_that_it_made(
    nights: tuple[Observations, ...],
) -> None:
    redact_twice()
    for night in nights:
        record_observations(night)
    for number, (identity, name) in enumerate(
        zip(REDACTED, ("d:night", "d:night+1 now", "d:night+2 now"), strict=True)
    ):
        version = Artifact.objects.get(identity=identity)
        hours = {10 * number + 1, 10 * number + 2}
        assert version.name == name
        assert version.attributes["description"] == f"as of {22 if number == 0 else max(hours)}"
        into = version.derivations_in.filter(relation=Relation.DERIVED_FROM)
        assert {e.upstream.identity for e in into} == {f"d:source {h}" for h in hours}
        out = version.derivations_out.filter(relation=Relation.DERIVED_FROM)
        assert {e.downstream.identity for e in out} == {f"d:copy {h}" for h in hours}
    read = Activity.objects.get(external_id="r1").used
    assert Artifact.objects.get(identity="d:night").pk in read


def test_the_newest_observation_wins_and_silence_says_nothing() -> None:
    for batch in reversed(BATCHES[2:5]):
        record_observations(batch)
    base = Artifact.objects.get(identity="m:base")
    assert base.name == "base v2b"
    assert (base.attributes["epochs"], base.attributes["extra"]) == ("4", [1, 2])


def test_what_a_product_serves_no_longer_has_ended() -> None:
    for batch in BATCHES:
        record_observations(batch)
    edges = Derivation.objects.filter(relation=Relation.DEPLOYED_AS)
    assert [e.upstream.identity for e in edges.filter(ended_at=None)] == ["m:new"]
    assert edges.get(upstream__identity="m:fine").ended_at == at(10)


def test_a_replaced_model_is_superseded() -> None:
    for batch in BATCHES:
        record_observations(batch)
    assert Artifact.objects.get(identity="m:base").state == "superseded"


def test_a_batch_with_an_unknown_name_is_recorded_not_at_all() -> None:
    bad = Observations(
        artifacts=(model("m:fine", 1, "fine"),),
        derivations=(
            ObservedDerivation(
                upstream="m:nobody", downstream="m:fine", relation=Relation.TRAINED_ON
            ),
        ),
    )
    with pytest.raises(KeyError), transaction.atomic():
        record_observations(bad)
    assert not Artifact.objects.exists()


def test_an_edge_follows_what_its_downstream_end_is_called_in_the_end() -> None:
    for batch in BATCHES:
        record_observations(batch)
    relations = {e.downstream.identity: e.relation for e in Derivation.objects.all()}
    assert (relations["d:log"], relations["d:lake"]) == (Relation.LOGGED_IN, Relation.COPIED_TO)


@pytest.mark.parametrize("first", [False, True])
def test_a_distilled_model_never_becomes_a_plain_one_again(*, first: bool) -> None:
    batches = [
        Observations(artifacts=(replace(model("m:s", 1, "s"), kind=ArtifactKind.DISTILLED),)),
        Observations(artifacts=(model("m:s", 2, "s"),)),
    ]
    for batch in reversed(batches) if first else batches:
        record_observations(batch)
    assert Artifact.objects.get().kind == ArtifactKind.DISTILLED
