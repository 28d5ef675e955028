"""The pages of the jobs: the list and one job, both kept fresh while work goes on."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET
from django_htmx.http import HttpResponseClientRefresh

from governance.access import OfficerRequest, officers_only
from governance.acts import Act
from governance.filters import asked_for
from unlearning.errors import JobNotFoundError
from unlearning.job_selectors import (
    LIVE_STATES,
    JobFilters,
    JobView,
    job_counts,
    job_view,
    jobs,
)


@require_GET
@officers_only(Act.READ_JOBS)
def jobs_page(request: OfficerRequest) -> HttpResponse:
    """List jobs; the filter stands in the address."""
    return render(request, "unlearning/jobs.html", _list_context(request))


@require_GET
@officers_only(Act.READ_JOBS)
def jobs_table(request: OfficerRequest) -> HttpResponse:
    """Answer the poll of the list."""
    return render(request, "unlearning/parts/jobs.html", _list_context(request))


@require_GET
@officers_only(Act.READ_JOBS)
def job_page(request: OfficerRequest, job_id: UUID) -> HttpResponse:
    """Show one job."""
    return render(request, "unlearning/job.html", _job_context(job_id))


@require_GET
@officers_only(Act.READ_JOBS)
def job_progress(request: OfficerRequest, job_id: UUID) -> HttpResponse:
    """Answer the poll of a job's page; asks it to load again once the state has moved on."""
    context = _job_context(job_id)
    if asked_for(request, "state") != context["view"].row.state:
        return HttpResponseClientRefresh()
    return render(request, "unlearning/parts/job_progress.html", context)


def _list_context(request: OfficerRequest) -> dict[str, Any]:
    filters = JobFilters(state=asked_for(request, "state"), page=asked_for(request, "page"))
    counts = job_counts()
    return {
        "section": "jobs",
        "filters": filters,
        "filtered": bool(filters.state),
        "counts": counts,
        "slice": jobs(filters),
        "live": any(counts[state] for state in LIVE_STATES),
    }


def _job_context(job_id: UUID) -> dict[str, Any]:
    view = _view_or_404(job_id)
    return {"section": "jobs", "view": view, "live": view.row.state in LIVE_STATES}


def _view_or_404(job_id: UUID) -> JobView:
    try:
        return job_view(job_id)
    except JobNotFoundError as missing:
        raise Http404(missing.detail) from missing
