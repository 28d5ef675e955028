"""The addresses of the reports app."""

from django.urls import URLPattern, path

from reports.api import ReportDocument, ReportExport, ReportPages, ReportRendering

urlpatterns: list[URLPattern] = [
    path("api/v1/requests/<uuid:request_id>/report", ReportDocument.as_view(), name="api-report"),
    path(
        "api/v1/requests/<uuid:request_id>/report.html",
        ReportRendering.as_view(),
        name="api-report-html",
    ),
    path(
        "api/v1/requests/<uuid:request_id>/report.pdf",
        ReportPages.as_view(),
        name="api-report-pdf",
    ),
    path(
        "api/v1/requests/<uuid:request_id>/export.zip",
        ReportExport.as_view(),
        name="api-report-export",
    ),
]
