"""The history of the graph: who writes it, when it begins, what it refuses to answer."""

import importlib
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import F, Value
from django.db.models.functions import Concat
from django.utils import timezone

from governance.errors import InvalidInput
from governance.subjects import subject_digest
from lineage.graph import ArtifactKind, Relation
from lineage.models import (
    Activity,
    ActivityRevision,
    Artifact,
    ArtifactRevision,
    ArtifactState,
    Derivation,
    DerivationRevision,
    Moment,
    Posting,
)
from lineage.selectors import impact_document, trace
from lineage.services.derivations import settle_copies
from tests.lineage.columns import knowledge, told
from tests.lineage.whole_graph import read_snapshot

pytestmark = pytest.mark.django_db(transaction=True)
ANN = subject_digest("ann@example.org")


def make(name: str, kind: ArtifactKind = ArtifactKind.MODEL, **fields: object) -> Artifact:
    return Artifact.objects.create(kind=kind, identity=name, name=name, **fields)


def edge(upstream: Artifact, downstream: Artifact, relation: Relation) -> Derivation:
    return Derivation.objects.create(upstream=upstream, downstream=downstream, relation=relation)


def now() -> datetime:
    """The moment of the last write."""
    return Moment.objects.latest("at").at


def names(as_of: datetime | None = None) -> dict[str, str]:
    return {node.name: node.state for node in read_snapshot(as_of).nodes}


def relations(as_of: datetime | None = None) -> list[str]:
    return [found.relation.value for found in read_snapshot(as_of).edges]


def rename_by_sql(artifact: Artifact) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE lineage_artifact SET name = name || '!' WHERE id = %s", [artifact.pk]
        )


def rename_in_bulk(artifact: Artifact) -> None:
    artifact.name = "a!"
    Artifact.objects.bulk_update([artifact], ["name"])


WRITES: list[Callable[[Artifact], Any]] = [
    rename_by_sql,
    rename_in_bulk,
    lambda artifact: Artifact.objects.filter(pk=artifact.pk).update(
        name=Concat(F("name"), Value("!"))
    ),
]


@pytest.mark.parametrize("write", WRITES)
def test_no_way_of_writing_passes_the_history_by(write: Callable[[Artifact], Any]) -> None:
    artifact = make("a")
    before = now()
    write(artifact)
    assert list(names()) == ["a!"]
    assert list(names(before)) == ["a"]
    after = now()
    Artifact.objects.filter(pk=artifact.pk).delete()
    assert (names(), list(names(before)), list(names(after))) == ({}, ["a"], ["a!"])


def test_many_rows_of_one_statement_share_a_moment() -> None:
    Artifact.objects.bulk_create(
        Artifact(kind=ArtifactKind.SEGMENT, identity=f"s{n}", name=f"s{n}") for n in range(300)
    )
    assert Moment.objects.count() == 1
    assert ArtifactRevision.objects.count() == 300


def test_what_changes_nothing_that_is_kept_makes_no_moment() -> None:
    artifact = make("a", location="file:///here")
    Artifact.objects.update(name="a", location="file:///there", stamps={"name": "later"})
    Derivation.objects.bulk_create([], ignore_conflicts=True)
    Activity.objects.create(kind="mlflow_run", external_id="only named by others")
    assert Moment.objects.count() == 1
    assert ArtifactRevision.objects.get().artifact_id == artifact.pk


def test_what_begins_and_ends_within_one_moment_was_never_on_record() -> None:
    with transaction.atomic():
        made, other = make("a"), make("b")
        link = edge(made, other, Relation.FINE_TUNED_FROM)
        link.delete()
        Artifact.objects.filter(pk=made.pk).update(name="c")
        Artifact.objects.filter(pk=made.pk).update(name="d")
        other.delete()
    assert [(row.name, row.until_id) for row in ArtifactRevision.objects.all()] == [("d", None)]
    assert not DerivationRevision.objects.exists()


def test_what_is_rolled_back_leaves_no_history() -> None:
    artifact = make("a")
    moments = Moment.objects.count()
    with transaction.atomic():
        Artifact.objects.filter(pk=artifact.pk).update(name="b")
        transaction.set_rollback(True)
    assert Moment.objects.count() == moments
    with transaction.atomic():
        savepoint = transaction.savepoint()
        make("lost")
        transaction.savepoint_rollback(savepoint)
        make("kept")
    assert Moment.objects.count() == moments + 1
    assert [row.name for row in ArtifactRevision.objects.order_by("pk")] == ["a", "kept"]


def test_an_edge_is_on_record_from_its_beginning_to_its_end() -> None:
    rows, log = make("rows", ArtifactKind.DATASET_VERSION), make("log", ArtifactKind.LOG)
    link = edge(rows, log, Relation.DERIVED_FROM)
    first = now()
    settle_copies([log.pk])
    second = now()
    Derivation.objects.filter(pk=link.pk).update(ended_at=timezone.now())
    third = now()
    edge(rows, log, Relation.LOGGED_IN)
    assert [relations(at) for at in (first, second, third, None)] == [
        ["derived_from"],
        ["logged_in"],
        [],
        ["logged_in"],
    ]


def test_a_run_counts_as_ended_since_its_end_was_recorded() -> None:
    run = Activity.objects.create(kind="mlflow_run", external_id="r", name="training", used=[1])
    before = now()
    Activity.objects.filter(pk=run.pk).update(ended_at=timezone.now(), used=[1, 2])
    (unended,) = knowledge(before).runs
    assert (unended.name, unended.used) == ("training", (1,))
    assert knowledge().runs == ()
    Activity.objects.filter(pk=run.pk).update(seconds=5.0)
    assert ActivityRevision.objects.count() == 2


def test_tombstones_never_leak_into_an_answer_of_now() -> None:
    segment, rows, model = (
        make("segment", ArtifactKind.SEGMENT),
        make("rows", ArtifactKind.DATASET_VERSION, indexed_at=timezone.now()),
        make("model"),
    )
    edge(segment, rows, Relation.PART_OF)
    trained = edge(rows, model, Relation.TRAINED_ON)
    Posting.objects.create(
        subject_digest=ANN.value,
        key_version=ANN.key_version,
        segments=[segment.pk],
        record_ids=["C-1"],
    )
    before = now()
    trained.delete()
    Artifact.objects.filter(pk=model.pk).delete()
    Artifact.objects.exclude(pk=model.pk).update(state=ArtifactState.DESTROYED)
    then = impact_document(trace(ANN, before), before)
    assert [item["name"] for item in then["affected"]] == ["segment", "rows", "model"]
    assert [node["name"] for node in then["affected"][2]["path"]] == ["segment", "rows", "model"]
    assert then["as_of"] == before.astimezone(UTC).isoformat()
    today = impact_document(trace(ANN))
    assert (today["affected"], today["as_of"]) == ([], None)
    assert names() == {"segment": "destroyed", "rows": "destroyed"}


def test_a_record_read_later_is_no_record_of_before() -> None:
    make("a")
    before = now()
    segment = make("segment", ArtifactKind.SEGMENT)
    Posting.objects.create(
        subject_digest=ANN.value,
        key_version=ANN.key_version,
        segments=[segment.pk, 10**9],
        record_ids=["C-1", "C-2"],
    )
    then = trace(ANN, before)
    assert then.affected == ()
    # A segment that was never on record is unknown then as it is now.
    assert any("1000000000" in reason for reason in then.reasons)


def test_moments_are_in_the_order_of_commits() -> None:
    wrote = [threading.Event() for _ in range(3)]

    def write(number: int) -> None:
        try:
            make(f"late{number}")
            wrote[number].set()
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(3)]
    with transaction.atomic():
        make("first")
        for thread in threads:
            thread.start()
        # A moment that is not committed yet keeps every later one from being made.
        assert not wrote[0].wait(timeout=0.5)
        make("first too")
    for thread in threads:
        thread.join(timeout=30)
    moments = list(Moment.objects.order_by("pk"))
    assert all(earlier.at < later.at for earlier, later in pairwise(moments))
    assert [len(names(moment.at)) for moment in moments] == [2, 3, 4, 5]
    assert sorted(names(moments[0].at)) == ["first", "first too"]


def test_a_clock_set_back_does_not_disorder_moments() -> None:
    ahead = timezone.now() + timedelta(minutes=1)
    Moment.objects.create(at=ahead)
    make("a")
    assert now() == ahead + timedelta(microseconds=1)
    assert list(names(now())) == ["a"]


def test_moments_that_the_history_does_not_know_are_refused_by_name() -> None:
    with pytest.raises(InvalidInput, match=r"as_of: .* has not begun yet"):
        read_snapshot(timezone.now())
    make("a")
    first = now()
    refused = {
        first - timedelta(microseconds=1): rf"too early; .* begins at {first.isoformat()[:19]}",
        timezone.now() + timedelta(hours=1): "lies in the future",
        datetime(2026, 11, 25, 18): "does not say in which time zone",  # noqa: DTZ001 - naive
    }
    for moment, why in refused.items():
        with pytest.raises(InvalidInput, match=rf"as_of: .*{why}") as caught:
            trace(ANN, moment)
        assert [error.pointer for error in caught.value.errors] == ["/as_of"]


def test_rows_from_before_the_history_begin_with_it() -> None:
    migration = importlib.import_module("lineage.migrations.0005_keep_the_history_of_the_graph")
    with transaction.atomic(), connection.cursor() as cursor:
        for history in migration.HISTORIES:
            cursor.execute(migration.forget(history))
        cursor.execute(migration.NO_MOMENTS)
        edge(make("a"), make("b"), Relation.FINE_TUNED_FROM)
        assert not Moment.objects.exists()
        cursor.execute(migration.MOMENTS)
        for history in migration.HISTORIES:
            cursor.execute(migration.keep(history))
        (moment,) = Moment.objects.all()
        assert read_snapshot(moment.at) == read_snapshot()
        assert told(knowledge(moment.at)) == told(knowledge())
        transaction.set_rollback(True)
    assert not Artifact.objects.exists()
