"""Addresses of the pages of the jobs."""

from django.urls import path

from unlearning import pages

urlpatterns = [
    path("jobs/", pages.jobs_page, name="jobs"),
    path("jobs/table", pages.jobs_table, name="jobs-table"),
    path("jobs/<uuid:job_id>/", pages.job_page, name="job"),
    path("jobs/<uuid:job_id>/progress", pages.job_progress, name="job-progress"),
]
