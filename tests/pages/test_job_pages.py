"""The list of jobs and one job: what they show, and how they stay fresh."""

import uuid

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from governance.models import Role
from tests.factories import OfficerFactory
from tests.pages.examples import House, furnished
from unlearning.models import Job, JobState

pytestmark = pytest.mark.django_db


@pytest.fixture
def engineer(client: Client) -> Client:
    client.force_login(OfficerFactory.create(roles=[Role.ML_ENGINEER]))
    return client


@pytest.fixture
def house() -> House:
    return furnished()


def text_of(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def job_in(state: JobState) -> Job:
    return Job.objects.filter(state=state).latest("created_at")


def test_without_jobs_the_page_says_when_they_start(engineer: Client) -> None:
    page = text_of(engineer, "/jobs/")

    assert "No job yet" in page
    assert "hx-get" not in page


def test_the_list_names_work_artifact_and_request(engineer: Client, house: House) -> None:
    page = text_of(engineer, "/jobs/")

    assert "Suppress outputs about the data subject" in page
    assert "offer-desk" in page
    assert house.requests["executing"].reference in page
    assert "epoch 8 of 12" in page
    assert 'hx-trigger="every 2s"' in page


@pytest.mark.usefixtures("house")
def test_a_filter_shows_only_the_jobs_in_one_state(engineer: Client) -> None:
    page = text_of(engineer, "/jobs/?state=needs_human")

    assert "1 job," in page
    assert "MemoryError" in page
    assert "No job is in this state" in text_of(engineer, "/jobs/?state=no-such-state")


@pytest.mark.usefixtures("house")
def test_the_poll_answers_with_the_table_alone_and_keeps_the_filter(engineer: Client) -> None:
    page = text_of(engineer, "/jobs/table?state=running")

    assert "<html" not in page
    assert "Succeeded" not in page
    assert 'hx-get="/jobs/table?state=running"' in text_of(engineer, "/jobs/?state=running")


@pytest.mark.usefixtures("house")
def test_a_failed_job_shows_its_attempts_and_its_error(engineer: Client) -> None:
    page = text_of(engineer, f"/jobs/{job_in(JobState.NEEDS_HUMAN).pk}/")

    assert "Attempt 3 did not succeed" in page
    assert "retrain_from_clean_ancestor.py" in page
    assert "hx-get" not in page


@pytest.mark.usefixtures("house")
def test_a_job_that_is_done_shows_what_it_established(engineer: Client) -> None:
    page = text_of(engineer, f"/jobs/{job_in(JobState.SUCCEEDED).pk}/")

    assert "No attempt failed." in page
    assert "Utility floor." in page
    assert "42 s" in page


@pytest.mark.usefixtures("house")
def test_a_running_job_follows_its_worker(engineer: Client) -> None:
    job = job_in(JobState.RUNNING)
    Job.objects.filter(pk=job.pk).update(progress=0.75)

    page = text_of(engineer, f"/jobs/{job.pk}/progress?state=running")
    assert "75%" in page
    assert "<html" not in page

    Job.objects.filter(pk=job.pk).update(state=JobState.SUCCEEDED)
    answer = engineer.get(f"/jobs/{job.pk}/progress", {"state": "running"})
    assert answer["HX-Refresh"] == "true"


def test_a_job_that_does_not_exist_is_not_found(engineer: Client) -> None:
    assert engineer.get(f"/jobs/{uuid.uuid4()}/").status_code == 404


@pytest.mark.usefixtures("house")
def test_no_page_of_a_job_shows_record_ids(engineer: Client) -> None:
    for job in Job.objects.all():
        assert "C-000017" not in text_of(engineer, f"/jobs/{job.pk}/")


@pytest.mark.usefixtures("house")
def test_the_pages_of_jobs_ask_few_questions(
    engineer: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for path in ("/jobs/", f"/jobs/{job_in(JobState.NEEDS_HUMAN).pk}/"):
        with django_assert_max_num_queries(12):
            text_of(engineer, path)
