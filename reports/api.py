"""The report over HTTP: the document, its renderings, and the whole export."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse
from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request
from rest_framework.views import APIView

from governance.acts import Act
from governance.authentication import ApiKeyAuthentication
from governance.permissions import HasScope, OfficerMay
from reports.export import zip_folder
from reports.rendering import canonical_json
from reports.selectors import report_of
from reports.statement import HTML, PDF

READERS = OfficerMay(Act.READ_REPORT)

#: The rendering carries its own style and nothing else: no script, no request to anywhere.
SELF_CONTAINED = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


class ReportView(APIView):
    """What all these addresses share: who may read."""

    authentication_classes = [ApiKeyAuthentication, SessionAuthentication]
    permission_classes: list[Any] = [HasScope("reports:read") | READERS]


class ReportDocument(ReportView):
    """``GET /api/v1/requests/{id}/report``."""

    def get(self, _request: Request, request_id: UUID) -> HttpResponse:
        """Give the document as canonical JSON, byte for byte as signed."""
        report = report_of(request_id)
        return HttpResponse(canonical_json(report.document), content_type="application/json")


class ReportRendering(ReportView):
    """``GET /api/v1/requests/{id}/report.html``."""

    def get(self, _request: Request, request_id: UUID) -> HttpResponse:
        """Give the HTML rendering as exported."""
        report = report_of(request_id)
        page = (settings.EXPORT_DIR / report.export / HTML).read_bytes()
        response = HttpResponse(page, content_type="text/html; charset=utf-8")
        response["Content-Security-Policy"] = SELF_CONTAINED
        return response


class ReportPages(ReportView):
    """``GET /api/v1/requests/{id}/report.pdf``."""

    def get(self, _request: Request, request_id: UUID) -> HttpResponse:
        """Give the pages as exported."""
        report = report_of(request_id)
        pages = (settings.EXPORT_DIR / report.export / PDF).read_bytes()
        response = HttpResponse(pages, content_type="application/pdf")
        response["Content-Disposition"] = f'inline; filename="{report.export}.pdf"'
        return response


class ReportExport(ReportView):
    """``GET /api/v1/requests/{id}/export.zip``."""

    def get(self, _request: Request, request_id: UUID) -> HttpResponse:
        """Give the export as one file."""
        report = report_of(request_id)
        packed = zip_folder(settings.EXPORT_DIR / report.export)
        response = HttpResponse(packed, content_type="application/zip")
        response["Content-Disposition"] = f'attachment; filename="{report.export}.zip"'
        return response
