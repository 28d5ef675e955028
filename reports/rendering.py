"""Renders the document object: canonical JSON for machines, HTML for people."""

from collections.abc import Mapping
from typing import Any

import rfc8785
from django.template.loader import render_to_string

TEMPLATE = "reports/report.html"


def canonical_json(value: Any) -> bytes:  # noqa: ANN401 - any JSON value
    """Serialise by RFC 8785: the same value gives the same bytes everywhere."""
    return rfc8785.dumps(value)


def report_html(document: Mapping[str, Any]) -> str:
    """Render the report for people; the template sees the document and nothing else."""
    return render_to_string(TEMPLATE, {"document": document})
