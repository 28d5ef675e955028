"""Addresses of the deletion-request API, and of everything about recipients."""

from django.urls import include, path

from deletion_requests import api

_ONE = "api/v1/requests/<uuid:request_id>"

urlpatterns = [
    path("", include("deletion_requests.recipient_urls")),
    path("api/v1/requests", api.RequestsApi.as_view(), name="api-requests"),
    path(_ONE, api.RequestApi.as_view(), name="api-request"),
    path(f"{_ONE}/identity", api.IdentityApi.as_view(), name="api-identity"),
    path(f"{_ONE}/approvals", api.ApprovalsApi.as_view(), name="api-approvals"),
    path(f"{_ONE}/duplicates", api.DuplicatesApi.as_view(), name="api-duplicates"),
    path(f"{_ONE}/withdrawal", api.WithdrawalApi.as_view(), name="api-withdrawal"),
    path(f"{_ONE}/resumption", api.ResumptionApi.as_view(), name="api-resumption"),
]
