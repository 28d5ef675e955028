"""Addresses of the report page."""

from django.urls import path

from reports import pages

urlpatterns = [
    path("requests/<uuid:request_id>/report", pages.report_page, name="request-report"),
]
