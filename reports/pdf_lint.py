"""Reads the pages of the PDF back, lints them as the HTML is linted, and renders them anew.

Compared without white space, because a PDF keeps lines and not sentences. Pure: used by the writer
before it signs and by the offline verifier.
"""

from collections.abc import Mapping
from io import BytesIO
from typing import Any

import rfc8785
from pypdf import PdfReader
from pypdf.errors import PyPdfError

from reports.lint import CLAIMING_SQUEEZED, departure, lint_text
from reports.pdf import report_pdf
from reports.printing import printable, squeezed

#: What running heads and page numbers keep to, in points from the edge of the page.
EDGE = 60
ATTACHED = "report.json"


def lint_pdf(pdf: bytes, document: Mapping[str, Any]) -> list[str]:
    """Check the pages: their words, what is attached, and that they are what this document gives.

    Args:
        pdf: The rendered report.
        document: The document that it was rendered from.

    Raises:
        ValueError: The document is of another shape than a report.
    """
    try:
        reader = PdfReader(BytesIO(pdf))
        text = _text(reader)
        attached = reader.attachments.get(ATTACHED)
    except (PyPdfError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return ["It cannot be read as a PDF."]
    problems = lint_text(
        text,
        document,
        seen=lambda said: squeezed(printable(said)),
        claiming=CLAIMING_SQUEEZED,
    )
    report_json = rfc8785.dumps(dict(document))
    if attached != [report_json]:
        problems.append(f"The attached {ATTACHED} is another document.")
    due = report_pdf(document, report_json)
    if pdf != due:
        problems.append(departure(text, _text(PdfReader(BytesIO(due)))))
    return problems


def _text(reader: PdfReader) -> str:
    """Text of all pages without running heads, so that sentences run on over a page's end."""
    parts: list[str] = []
    for page in reader.pages:
        height = float(page.mediabox.height)

        def keep(text: str, matrix: Any, text_matrix: Any, *_: Any, top: float = height) -> None:  # noqa: ANN401 - pypdf's visitor
            level = text_matrix[5] * matrix[3] + matrix[5]
            if EDGE < level < top - EDGE:
                parts.append(text)

        page.extract_text(visitor_text=keep)
    return squeezed("".join(parts))
