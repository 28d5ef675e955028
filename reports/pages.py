"""The page of a signed report."""

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from governance.access import OfficerRequest, officers_only
from governance.acts import Act
from reports.errors import AlteredReportError, ReportNotFoundError
from reports.rendering import report_article
from reports.selectors import report_of


@require_GET
@officers_only(Act.READ_REPORT)
def report_page(request: OfficerRequest, request_id: UUID) -> HttpResponse:
    """Show the report inside the site; its words are those of the signed document."""
    try:
        report = report_of(request_id)
    except ReportNotFoundError as missing:
        raise Http404(missing.detail) from missing
    except AlteredReportError as altered:
        context = {"request_id": request_id, "problem": altered.detail}
        return render(request, "reports/altered.html", context, status=altered.status)
    context = {
        "section": "queue",
        "request_id": request_id,
        "reference": report.document["request"]["reference"],
        "report": report_article(report.document),
    }
    return render(request, "reports/page.html", context)
