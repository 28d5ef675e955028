"""Addresses about recipients: the API, the page behind a mailed link, the officer's buttons."""

from django.urls import path

from deletion_requests import recipient_api as api
from deletion_requests import recipient_pages as pages

_API = "api/v1/requests/<uuid:request_id>"
_ONE_API = f"{_API}/recipients/<uuid:notice_id>"
_PAGE = "requests/<uuid:request_id>"
_ONE_PAGE = f"{_PAGE}/recipients/<uuid:notice_id>"

urlpatterns = [
    path(
        "api/v1/recipients/acknowledgements",
        api.AcknowledgementsApi.as_view(),
        name="api-acknowledgements",
    ),
    path(
        f"{_ONE_API}/acknowledgement",
        api.RecordedAcknowledgementApi.as_view(),
        name="api-recipient-acknowledgement",
    ),
    path(
        f"{_ONE_API}/notification",
        api.RecordedNotificationApi.as_view(),
        name="api-recipient-notification",
    ),
    path(f"{_ONE_API}/reminder", api.ReminderApi.as_view(), name="api-recipient-reminder"),
    path(f"{_API}/partial-report", api.PartialReportApi.as_view(), name="api-partial-report"),
    path("acknowledge/<str:token>", pages.acknowledge_page, name="recipient-acknowledge"),
    path(
        f"{_ONE_PAGE}/acknowledgement",
        pages.record_acknowledgement_page,
        name="request-recipient-acknowledgement",
    ),
    path(
        f"{_ONE_PAGE}/notification",
        pages.record_notification_page,
        name="request-recipient-notification",
    ),
    path(f"{_ONE_PAGE}/reminder", pages.remind_page, name="request-recipient-reminder"),
    path(f"{_PAGE}/partial-report", pages.report_as_partial_page, name="request-partial-report"),
]
