"""Two capture sources tell of one company: in which order they do so is of no account."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from lineage.graph import ArtifactKind
from lineage.models import Artifact, Derivation
from lineage.selectors import find_gaps, synthesis_of
from lineage.services import receive_event
from lineage.services.mlflow import record_state
from tests.lineage import company

pytestmark = pytest.mark.django_db
DATA = Path("/data")
Step = Callable[[], object]


def told(name: str, *, hours: int = 0, says: company.Json | None = None) -> company.Json:
    """The event of a dataset, some hours later, with another facet or with none."""
    body = company.event(DATA, name)
    facets = body["outputs"][0]["facets"]
    facets.pop("vestige_artifact", None)
    if says is not None:
        facets["vestige_artifact"] = company.FACET | says
    at = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(hours=hours)
    return body | {"eventTime": at.isoformat()}


def in_any_order() -> list[Step]:
    """Every event of the company, some of them also without saying what was written."""
    bare = [told(name, hours=-1) for name in company.SAYS]
    return [partial(receive_event, event=body) for body in (*company.events(DATA), *bare)]


def graph_now() -> dict[str, Any]:
    """The graph by names, without what only the order of the first look decides.

    Left out are the guesses of datasets that are known by their own name since, and when a product
    began to serve.
    """
    edges = Derivation.objects.filter(ended_at=None).select_related("upstream", "downstream")
    guesses = "dataset:location:"
    return {
        "artifacts": sorted(
            (a.identity, a.kind, a.name, a.location, a.state, repr(sorted(a.attributes.items())))
            for a in Artifact.objects.all()
            if not a.identity.startswith(guesses)
        ),
        "edges": sorted(
            (e.upstream.identity, e.relation, e.downstream.identity, str(e.activity)) for e in edges
        ),
    }


def after(steps: list[Step]) -> dict[str, Any]:
    """The graph that these steps and one last capture lead to."""
    with transaction.atomic():
        for step in steps:
            step()
        record_state(company.state(DATA))
        found = graph_now()
        transaction.set_rollback(True)
    return found


@pytest.fixture
def in_order() -> dict[str, Any]:
    return after(in_any_order())


@settings(
    max_examples=6,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking would take minutes here
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(random=st.randoms(use_true_random=False))
def test_events_and_captures_lead_to_the_same_graph_in_any_order(
    in_order: dict[str, Any], random: Random
) -> None:
    told_once = in_any_order()
    shuffled = [*told_once, *told_once[:3], lambda: record_state(company.state(DATA))]
    random.shuffle(shuffled)
    assert after(shuffled) == in_order


def test_a_generator_is_only_mentioned_until_mlflow_shows_it() -> None:
    receive_event(event=company.event(DATA, "adult-synthetic"))
    generator = Artifact.objects.get(identity="mlflow-model:generator")
    assert (generator.kind, generator.attributes) == ("model", {"mentioned": True})
    assert [gap.rule for gap in find_gaps()] == ["base_model_unresolved"]
    record_state(company.state(DATA))
    generator.refresh_from_db()
    assert (generator.name, "mentioned" in generator.attributes) == ("generator v1", False)
    synthesis = synthesis_of(Artifact.objects.get(name="adult-synthetic@1").pk)
    assert synthesis is not None
    assert (synthesis.generator, synthesis.seed) == (generator.pk, 7)


def test_a_dataset_that_mlflow_met_first_becomes_the_log_that_its_owner_calls_it() -> None:
    record_state(company.state(DATA))
    guess = Artifact.objects.get(location=(DATA / "adult-v1").as_uri())
    assert (guess.kind, "mentioned" in guess.attributes) == ("dataset_version", True)
    receive_event(event=told("adult-v1", says={"kind": "log"}))
    record_state(company.state(DATA))
    log = Artifact.objects.get(identity="dataset:shop/adult-v1@1")
    assert log.kind == ArtifactKind.LOG
    trained = Derivation.objects.filter(relation="trained_on", ended_at=None, upstream=log)
    assert trained.filter(downstream__name="monolithic v1").exists()
    assert not Derivation.objects.filter(upstream=guess, ended_at=None).exists()


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (2, 0, 1)])
def test_of_two_words_for_one_dataset_the_later_one_counts_and_decides_the_edge(
    order: tuple[int, ...],
) -> None:
    bodies = [
        told("adult-v2"),
        told("adult-v2", hours=1, says={"kind": "log"}),
        told("adult-v2", hours=2, says={"kind": "cache"}),
    ]
    for position in order:
        receive_event(event=bodies[position])
    assert Artifact.objects.get(identity="dataset:shop/adult-v2@1").kind == ArtifactKind.CACHE
    assert [edge.relation for edge in Derivation.objects.all()] == ["cached_in"]
