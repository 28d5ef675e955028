"""Renders the document as a tagged PDF with Typst: data in, pages out, no markup from data.

The template sees JSON only, so nothing that somebody entered is ever read as Typst. Fonts are those
that travel with Typst, packages are never fetched, and the time is the report's own, so the same
document gives the same bytes: the offline verifier compares them.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from reports.pdf_view import pdf_view
from reports.printing import prepared
from reports.rendering import TEMPLATES

#: Accessible (PDF/UA-1) and for archives, with the document attached (PDF/A-3a). An outside
#: checker has to confirm either before a report may call itself conformant.
STANDARDS = ("ua-1", "a-3a")
TEMPLATE = "reports/report.typ"


def report_pdf(document: Mapping[str, Any], report_json: bytes) -> bytes:
    """Render the report as pages.

    Args:
        document: The report.
        report_json: The same as canonical JSON; it is attached to the PDF.

    Raises:
        ValueError: The document holds what cannot be laid out.
    """
    return _compile(document, report_json, format="pdf", pdf_standards=list(STANDARDS))


def _compile(document: Mapping[str, Any], report_json: bytes, **output: Any) -> bytes:  # noqa: ANN401 - Typst's own options
    # Loaded here: only the worker that writes reports needs the compiler.
    import typst  # noqa: PLC0415 - see above

    moment = datetime.fromisoformat(document["report"]["created_at"]).astimezone(UTC)
    written = {name: getattr(moment, name) for name in ("year", "month", "day", "hour", "minute")}
    view = prepared(pdf_view(document)) | {"written": written}
    template = TEMPLATES / TEMPLATE
    try:
        compiled: bytes = typst.compile(
            template.read_bytes(),
            # Nothing may be read or fetched beyond the template itself.
            root=template.parent,
            ignore_system_fonts=True,
            package_path=template,
            package_cache_path=template,
            sys_inputs={"view": json.dumps(view), "attached": report_json.decode()},
            timestamp=int(moment.timestamp()),
            **output,
        )
    except typst.TypstError as error:
        raise ValueError(f"the document cannot be laid out: {error}") from error
    return compiled
