"""The pages of the lineage: the registry of artifacts, one artifact, the gaps."""

from dataclasses import asdict
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from governance.access import OfficerRequest, officers_only
from governance.acts import Act
from governance.filters import asked_for
from lineage.drawing import Drawn, Graph, draw_graph
from lineage.errors import ArtifactNotFound
from lineage.models import ArtifactState
from lineage.selectors import contact_of, find_gaps_with_artifacts
from lineage.selectors.registry import (
    Neighbourhood,
    RegistryFilters,
    artifact_view,
    kinds_present,
    neighbourhood,
    registry,
)


@require_GET
@officers_only(Act.READ_LINEAGE)
def registry_page(request: OfficerRequest) -> HttpResponse:
    """List artifacts; every filter stands in the address."""
    filters = RegistryFilters(
        kind=asked_for(request, "kind"),
        state=asked_for(request, "state"),
        text=asked_for(request, "text"),
        page=asked_for(request, "page"),
    )
    context = {
        "section": "lineage",
        "filters": filters,
        "filtered": bool(filters.kind or filters.state or filters.text),
        "slice": registry(filters),
        "kinds": kinds_present(),
        "states": ArtifactState.values,
    }
    return render(request, "lineage/registry.html", context)


@require_GET
@officers_only(Act.READ_LINEAGE)
def artifact_page(request: OfficerRequest, artifact_id: int) -> HttpResponse:
    """Show one artifact: where it came from, what came of it, what is not known."""
    try:
        view = artifact_view(artifact_id)
    except ArtifactNotFound as missing:
        raise Http404(missing.detail) from missing
    near = neighbourhood(artifact_id)
    context = {
        "section": "lineage",
        "view": view,
        "graph": _drawing(near, artifact_id),
        "cut": near.cut,
        "contact": contact_of(artifact_id),
        "gaps": [found.gap for found in find_gaps_with_artifacts() if found.about == artifact_id],
    }
    return render(request, "lineage/artifact.html", context)


@require_GET
@officers_only(Act.READ_LINEAGE)
def gaps_page(request: OfficerRequest) -> HttpResponse:
    """Show what the graph does not know, and how to close each gap."""
    rows: list[dict[str, Any]] = [
        {**asdict(found.gap), "artifact_id": found.about} for found in find_gaps_with_artifacts()
    ]
    rows.sort(key=lambda row: row["severity"] != "high")  # stable: the rest stays sorted by rule
    return render(request, "lineage/gaps.html", {"section": "gaps", "gaps": rows})


def _drawing(found: Neighbourhood, artifact_id: int) -> Graph | None:
    if not found.edges:
        return None
    items = [
        Drawn(
            id=row.id,
            kind=row.kind,
            name=row.name,
            href=reverse("artifact", args=[row.id]),
            here=row.id == artifact_id,
        )
        for row in found.artifacts
    ]
    return draw_graph(items, found.edges)
