"""A use after the destruction shows that a copy is left, in whatever order it is told."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import permutations

import pytest
from django.db import transaction
from django.utils import timezone

from lineage.capture.observations import (
    ActivityKey,
    Observations,
    ObservedActivity,
    ObservedArtifact,
    ObservedDeployment,
    ObservedDerivation,
)
from lineage.graph import ArtifactKind, Relation
from lineage.models import Artifact, Moment
from lineage.selectors import find_gaps
from lineage.selectors.gaps import GapQuestion, gaps_asked_for
from lineage.services import record_destruction, record_observations

pytestmark = pytest.mark.django_db
RULE = "used_after_destruction"


def artifact(identity: str, made_at: datetime | None = None) -> ObservedArtifact:
    kind = ArtifactKind.MODEL if identity.startswith("model") else ArtifactKind.RECIPIENT
    return ObservedArtifact(
        identity=identity,
        kind=kind if identity != "gone" else ArtifactKind.CACHE,
        observed_at=made_at or NOW,
        name=identity,
        occurred_at=made_at,
    )


NOW = timezone.now()
GONE = artifact("gone")


def hours(count: float) -> datetime:
    """So long after the destruction, or before."""
    return NOW + timedelta(hours=count)


def run(name: str, at: datetime, *, used: tuple[str, ...] = ("gone",)) -> Observations:
    """One event of a run."""
    seen = ObservedActivity(
        key=ActivityKey(kind="openlineage_run", external_id=name),
        observed_at=at,
        name=name,
        started_at=at,
        used=used,
    )
    return Observations(artifacts=(GONE,), activities=(seen,))


def made(
    downstream: str,
    at: datetime,
    relation: Relation = Relation.DERIVED_FROM,
    by: str = "",
) -> Observations:
    """An edge, of a run or of none."""
    edge = ObservedDerivation(
        upstream="gone",
        downstream=downstream,
        relation=relation,
        activity=ActivityKey(kind="openlineage_run", external_id=by) if by else None,
        occurred_at=at,
    )
    return Observations(artifacts=(GONE, artifact(downstream)), derivations=(edge,))


def destroyed() -> Artifact:
    """Recorded an instant ago."""
    record_observations(Observations(artifacts=(GONE,)))
    found = Artifact.objects.get(identity="gone")
    record_destruction(artifact_id=found.pk, receipts=[])
    return found


def note() -> object:
    return Artifact.objects.get(identity="gone").attributes.get(RULE)


def told(batches: Iterable[Observations]) -> object:
    """The note that these lead to, in this order."""
    with transaction.atomic():
        destroyed()
        for batch in batches:
            record_observations(batch)
        found = note()
        assert (RULE in [gap.rule for gap in find_gaps()]) == (found is not None)
        transaction.set_rollback(True)
    return found


USES = (run("late", hours(2)), run("early", hours(1)), made("copy", hours(3), by="other"))
BEFORE = (run("before", hours(-1)), run("before", hours(5)), made("b", hours(5), by="before"))


@pytest.mark.parametrize(
    ("batches", "found"),
    [
        (USES, {"at": hours(1).isoformat(), "run": "early"}),
        # Its start is told with the batch that is shuffled; without one it would be a use.
        (BEFORE, None),
        ((*BEFORE, USES[0]), {"at": hours(2).isoformat(), "run": "late"}),
        # No run is known.
        ((made("x", hours(2)), made("y", hours(4))), {"at": hours(2).isoformat(), "run": ""}),
        ((made("x", hours(2)), made("x", hours(-2))), None),
    ],
)
def test_the_first_use_after_the_destruction_is_noted_in_any_order(
    batches: tuple[Observations, ...], found: object
) -> None:
    for order in permutations(batches):
        assert told((*order, order[0])) == found
    assert told([sum(batches[1:], batches[0])]) == found


def test_a_start_that_is_told_late_takes_the_note_back() -> None:
    destroyed()
    record_observations(made("x", hours(2), by="job"))
    record_observations(run("job", hours(2), used=()))
    assert note() is not None
    # It names nothing that it read: only its edge tells.
    record_observations(run("job", hours(-1), used=()))
    assert note() is None


def test_what_was_told_before_the_destruction_counts_as_what_is_told_later() -> None:
    record_observations(USES[0])
    destroyed()
    assert note() == {"at": hours(2).isoformat(), "run": "late"}


@pytest.mark.parametrize("relation", [Relation.RETRAINED_FROM, Relation.REDACTED_FROM])
def test_what_took_the_place_of_something_destroyed_did_not_read_it(relation: Relation) -> None:
    assert told([made("model-2", hours(2), relation)]) is None


def test_what_a_product_is_seen_to_serve_tells_of_no_moment() -> None:
    deployment = ObservedDeployment(product="product", observed_at=hours(2), serves=("gone",))
    product = replace(artifact("product"), kind=ArtifactKind.PRODUCT)
    assert told([Observations(artifacts=(GONE, product), deployments=(deployment,))]) is None


def test_the_gap_ends_when_it_is_made_again_and_returns_with_a_use_after_the_next_end() -> None:
    again = Observations(artifacts=(artifact("gone", hours(3)),))
    assert told([USES[0], again]) is None
    assert told([again, USES[0]]) is None
    gone = destroyed()
    for batch in (USES[0], again):
        record_observations(batch)
    gone.refresh_from_db()
    assert gone.state == "current"
    record_destruction(artifact_id=gone.pk, receipts=[])
    gone.refresh_from_db()
    gone.attributes["destroyed_at"] = hours(4).isoformat()
    gone.save()
    record_observations(USES[0])
    assert note() is None
    record_observations(run("once more", hours(5)))
    assert note() == {"at": hours(5).isoformat(), "run": "once more"}


@pytest.mark.django_db(transaction=True)
def test_the_history_keeps_when_the_use_was_known() -> None:
    destroyed()
    then = Moment.objects.latest("at").at
    record_observations(USES[1])
    now = Moment.objects.latest("at").at
    asked = [GapQuestion(as_of=at, rule=RULE) for at in (then, now, None)]
    assert [len(gaps_asked_for(question)) for question in asked] == [0, 1, 1]
    (found,) = gaps_asked_for(asked[1])
    assert "the run early used it later" in found.gap.hides
