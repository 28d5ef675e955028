"""Addresses of the request pages."""

from django.urls import path

from deletion_requests import confirmation_pages, evidence_pages, ledger_pages, pages

urlpatterns = [
    path("", pages.home, name="home"),
    path("requests/", pages.queue_page, name="queue"),
    path("requests/new", pages.new_request_page, name="request-new"),
    path("requests/<uuid:request_id>/", pages.request_page, name="request"),
    path("requests/<uuid:request_id>/progress", pages.progress_page, name="request-progress"),
    path("requests/<uuid:request_id>/approve", pages.approve_page, name="request-approve"),
    path("requests/<uuid:request_id>/duplicates", pages.duplicates_page, name="request-duplicates"),
    path("requests/<uuid:request_id>/resume", pages.resume_page, name="request-resume"),
    path("requests/<uuid:request_id>/deny", pages.deny_page, name="request-deny"),
    path("requests/<uuid:request_id>/withdraw", pages.withdraw_page, name="request-withdraw"),
    path(
        "requests/<uuid:request_id>/evidence", evidence_pages.evidence_page, name="request-evidence"
    ),
    path("confirm/<str:token>", confirmation_pages.confirm_page, name="request-confirm"),
    path("ledger/", ledger_pages.ledger_page, name="ledger"),
    path("ledger/checkpoint", ledger_pages.checkpoint_file, name="ledger-checkpoint"),
    path("public-key", ledger_pages.public_key_page, name="public-key"),
    path("public-key.pem", ledger_pages.public_key_file, name="public-key-file"),
]
