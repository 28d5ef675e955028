"""Addresses of the request pages."""

from django.urls import path

from deletion_requests import pages

urlpatterns = [
    path("", pages.home, name="home"),
    path("requests/", pages.queue_page, name="queue"),
    path("requests/new", pages.new_request_page, name="request-new"),
    path("requests/<uuid:request_id>/", pages.request_page, name="request"),
    path("requests/<uuid:request_id>/progress", pages.progress_page, name="request-progress"),
    path("requests/<uuid:request_id>/approve", pages.approve_page, name="request-approve"),
    path("requests/<uuid:request_id>/resume", pages.resume_page, name="request-resume"),
    path("requests/<uuid:request_id>/deny", pages.deny_page, name="request-deny"),
]
