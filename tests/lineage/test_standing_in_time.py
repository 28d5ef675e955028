"""What a process keeps of the graph never outlives what the database says."""

import threading
from pathlib import Path

import pytest
from django.db import connection, transaction
from pytest_django import Settings

from lineage.graph import ArtifactKind, Relation
from lineage.models import Artifact, ArtifactState, Derivation, Moment
from lineage.selectors.impact import reach_of
from lineage.selectors.knowledge import one_moment
from lineage.selectors.standing import Keeper, standing_graph
from lineage.services.image import write_image

pytestmark = pytest.mark.django_db(transaction=True)


def artifact(name: str, kind: ArtifactKind = ArtifactKind.MODEL) -> Artifact:
    return Artifact.objects.create(kind=kind, name=name, identity=name)


def derive(upstream: Artifact, downstream: Artifact) -> Derivation:
    return Derivation.objects.create(
        upstream=upstream, downstream=downstream, relation=Relation.FINE_TUNED_FROM
    )


def reached(source: Artifact) -> set[int]:
    return set(reach_of([source.pk]))


def seen_by(keeper: Keeper, source: Artifact) -> set[int]:
    with one_moment():
        return set(keeper.graph().engine.trace([source.pk]).reached)


def test_a_trace_sees_every_step_of_its_own_transaction() -> None:
    base = artifact("base")
    assert reached(base) == {base.pk}
    with transaction.atomic():
        first = artifact("first")
        derive(base, first)
        assert reached(base) == {base.pk, first.pk}
        second = artifact("second")
        edge = derive(first, second)
        assert reached(base) == {base.pk, first.pk, second.pk}
        edge.delete()
        assert reached(base) == {base.pk, first.pk}


def test_what_was_rolled_back_is_not_seen() -> None:
    base = artifact("base")
    with transaction.atomic():
        derive(base, artifact("other"))
        assert len(reached(base)) == 2
        transaction.set_rollback(True)
    assert reached(base) == {base.pk}
    third = artifact("third")
    derive(base, third)
    assert reached(base) == {base.pk, third.pk}


def test_an_uncommitted_change_is_seen_by_nobody_else() -> None:
    base = artifact("base")
    found: list[set[int]] = []

    def look() -> None:
        found.append(reached(base))
        connection.close()

    with transaction.atomic():
        derive(base, artifact("other"))
        seen_here = reached(base)
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
    assert len(seen_here) == 2
    assert found == [{base.pk}]


def test_a_process_starts_from_the_image_on_disk() -> None:
    base = artifact("base")
    other = artifact("other")
    derive(base, other)
    written = write_image()
    derive(other, artifact("third"))
    keeper = Keeper()
    assert written.artifacts == 2
    assert len(seen_by(keeper, base)) == 3
    assert keeper.image is not None
    assert keeper.image.stamp.moment == written.moment < Moment.objects.latest("at").pk


def test_an_image_of_another_history_is_not_used() -> None:
    base = artifact("base")
    derive(base, artifact("other"))
    write_image()
    moment = Moment.objects.latest("at")
    with connection.cursor() as cursor:
        # As in a database that was restored and went another way since.
        cursor.execute("UPDATE lineage_moment SET at = at + interval '1 second'")
        cursor.execute("ALTER TABLE lineage_derivation DISABLE TRIGGER USER")
        cursor.execute("DELETE FROM lineage_derivation")
        cursor.execute("ALTER TABLE lineage_derivation ENABLE TRIGGER USER")
    assert Moment.objects.filter(pk=moment.pk).exists()
    assert seen_by(Keeper(), base) == {base.pk}


def test_a_deleted_artifact_is_gone_at_once() -> None:
    base, other = artifact("base"), artifact("other")
    assert reached(other) == {other.pk}
    pk = other.pk
    other.delete()
    assert reached(base) == {base.pk}
    assert reach_of([pk]) == {}


def test_a_state_that_changed_is_seen_at_once() -> None:
    base = artifact("base")
    reached(base)
    Artifact.objects.filter(pk=base.pk).update(state=ArtifactState.SUPERSEDED)
    with transaction.atomic():
        states = standing_graph().nodes.states.tolist()
    assert states == [1]


def test_many_changes_are_laid_out_anew() -> None:
    keeper = Keeper(many=3)
    base = artifact("base")
    derive(base, artifact("other"))
    assert len(seen_by(keeper, base)) == 2
    first = keeper.image
    for name in ("one", "two", "three"):
        derive(base, artifact(name))
    assert len(seen_by(keeper, base)) == 5
    assert keeper.image is not first


def test_an_image_that_cannot_be_read_costs_only_time(settings: Settings, tmp_path: Path) -> None:
    settings.GRAPH_IMAGE = tmp_path / "image"
    base = artifact("base")
    write_image()
    (tmp_path / "image" / "kinds.npy").write_bytes(b"spoiled")
    assert seen_by(Keeper(), base) == {base.pk}
