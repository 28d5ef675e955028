"""The registry, one artifact and the gaps: what they show, and how few questions they ask."""

from datetime import UTC, datetime

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from lineage.graph import Relation
from lineage.models import Artifact, ArtifactState, Derivation
from lineage.selectors.registry import MOST_NEIGHBOURS, neighbourhood
from tests.factories import ArtifactFactory, OfficerFactory
from tests.pages.company import lineage

pytestmark = pytest.mark.django_db


@pytest.fixture
def officer(client: Client) -> Client:
    client.force_login(OfficerFactory.create())
    return client


def text_of(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_an_empty_registry_says_how_artifacts_arrive(officer: Client) -> None:
    assert "No artifact is known yet" in text_of(officer, "/lineage/")


def test_the_registry_lists_every_artifact_but_segments(officer: Client) -> None:
    lineage()

    page = text_of(officer, "/lineage/")

    assert "income-student v1" in page
    assert "segment-0002.csv" not in page
    assert "segment-0002.csv" in text_of(officer, "/lineage/?kind=segment")


def test_filters_of_the_registry_stand_in_the_address(officer: Client) -> None:
    lineage()
    Artifact.objects.filter(name="digit-reader").update(state=ArtifactState.SUPERSEDED)

    page = text_of(officer, "/lineage/?kind=product&state=superseded")

    assert "digit-reader" in page
    assert "offer-desk" not in page
    assert '<option value="product" selected' in page
    assert "Clear filters" in page


def test_a_name_or_a_digest_finds_an_artifact(officer: Client) -> None:
    artifact = lineage()["digits-v1"]

    for text in ("digits-v1", artifact.digest[-20:]):
        assert f'href="/lineage/{artifact.pk}/"' in text_of(officer, f"/lineage/?text={text}")


def test_a_long_registry_has_pages_that_keep_the_filters(officer: Client) -> None:
    ArtifactFactory.create_batch(120)

    first = text_of(officer, "/lineage/?kind=model")
    beyond = text_of(officer, "/lineage/?kind=model&page=99")

    assert "Page 1 of 3" in first
    assert "kind=model&amp;page=2" in first
    assert "Page 3 of 3" in beyond


def test_an_artifact_shows_where_it_came_from_and_what_came_of_it(officer: Client) -> None:
    artifacts = lineage()

    page = text_of(officer, f"/lineage/{artifacts['income-monolithic v1'].pk}/")

    assert "this was trained on it" in page
    assert "carries weights" in page
    assert "it was distilled from this" in page
    assert "examples.company.recipes:monolithic" in page
    assert 'aria-label="Distilled model income-student v1"' in page


def test_an_artifact_says_what_is_not_known_about_it(officer: Client) -> None:
    artifacts = lineage()

    page = text_of(officer, f"/lineage/{artifacts['legacy'].pk}/")

    assert "What is not known about it" in page
    assert "its run recorded no dataset" in page


def test_a_destroyed_artifact_shows_its_receipts(officer: Client) -> None:
    artifacts = lineage()

    page = text_of(officer, f"/lineage/{artifacts['old'].pk}/")

    assert "Receipts of its destruction" in page
    assert "1,284,096" in page
    assert "Nothing there" in page


def test_a_recipient_shows_whom_to_tell_and_a_checkpoint_its_copies(officer: Client) -> None:
    artifacts = lineage()

    recipient = text_of(officer, f"/lineage/{artifacts['lakeside-insights'].pk}/")
    checkpoint = text_of(officer, f"/lineage/{artifacts['digits-cnn-epoch-2'].pk}/")

    assert "privacy@lakeside.example" in recipient
    assert "file:///srv/backup/digits-cnn-epoch-2" in checkpoint


def test_an_artifact_that_does_not_exist_is_not_found(officer: Client) -> None:
    assert officer.get("/lineage/4711/").status_code == 404


def test_the_neighbourhood_reaches_three_links_and_leaves_segments_out() -> None:
    artifacts = lineage()

    near = neighbourhood(artifacts["adult-v1"].pk)

    names = {row.name for row in near.artifacts}
    assert {"adult-synthetic", "income-synthetic v1", "offer-desk"} <= names
    assert "adult-v1/segment-0002.csv" not in names
    assert (artifacts["adult-v1"].pk, artifacts["income-monolithic v1"].pk) in near.edges
    assert not near.cut


def linked(upstream: Artifact, count: int) -> list[Artifact]:
    """Artifacts that were made from another one."""
    made = ArtifactFactory.create_batch(count)
    Derivation.objects.bulk_create(
        Derivation(upstream=upstream, downstream=row, relation=Relation.FINE_TUNED_FROM)
        for row in made
    )
    return made


def test_a_drawing_that_leaves_something_out_says_so(officer: Client) -> None:
    artifact = ArtifactFactory.create()
    linked(artifact, MOST_NEIGHBOURS)
    path = f"/lineage/{artifact.pk}/"

    assert "Not everything is drawn" not in text_of(officer, path)
    linked(artifact, 1)
    assert "Not everything is drawn" in text_of(officer, path)
    assert len(neighbourhood(artifact.pk).edges) == MOST_NEIGHBOURS


def test_what_lies_beyond_a_full_drawing_is_said_to_be_left_out() -> None:
    artifact = ArtifactFactory.create()
    first = linked(artifact, MOST_NEIGHBOURS)[0]
    assert not neighbourhood(artifact.pk).cut

    linked(first, 1)

    assert neighbourhood(artifact.pk).cut


def test_the_gaps_lead_to_their_artifacts(officer: Client) -> None:
    artifacts = lineage()

    page = text_of(officer, "/lineage/gaps")

    assert f'href="/lineage/{artifacts["legacy"].pk}/"' in page
    assert "High" in page


def test_of_versions_with_one_name_only_the_one_with_the_gap_says_so(officer: Client) -> None:
    trained, untrained = (ArtifactFactory.create(name="scorer") for _ in range(2))
    data = ArtifactFactory.create(kind="dataset_version", indexed_at=datetime.now(UTC))
    Derivation.objects.create(upstream=data, downstream=trained, relation=Relation.TRAINED_ON)

    assert "its run recorded no dataset" in text_of(officer, f"/lineage/{untrained.pk}/")
    assert "What is not known" not in text_of(officer, f"/lineage/{trained.pk}/")
    assert f'href="/lineage/{untrained.pk}/"' in text_of(officer, "/lineage/gaps")


def test_no_gap_is_said_to_be_known(officer: Client) -> None:
    assert "No gap is known" in text_of(officer, "/lineage/gaps")


@pytest.mark.django_db(transaction=True)
def test_the_lineage_pages_ask_few_questions(
    officer: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    artifacts = lineage()
    text_of(officer, "/lineage/gaps")  # the first question of a process reads the whole graph

    for path in ("/lineage/", "/lineage/gaps", f"/lineage/{artifacts['adult-v1'].pk}/"):
        with django_assert_max_num_queries(20):
            text_of(officer, path)
