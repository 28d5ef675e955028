"""Answers of any length, row by row: JSON Lines and CSV."""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.http import StreamingHttpResponse
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.utils.encoders import JSONEncoder

from governance.errors import InvalidInput

#: Columns of a CSV of affected artifacts.
COLUMNS = (
    *("artifact_id", "kind", "name", "digest", "state", "influence", "certainty", "rank"),
    *("path_ids", "path_names", "description", "contact"),
)
#: Spreadsheets read a cell that begins with one of these as a formula, which could act on data
#: (https://owasp.org/www-community/attacks/CSV_Injection).
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")

Row = Mapping[str, Any]


class NdjsonRenderer(JSONRenderer):
    """Lets a caller ask for JSON Lines; renders errors, which come before any stream."""

    media_type = "application/x-ndjson"
    format = "ndjson"


class CsvRenderer(JSONRenderer):
    """Lets a caller ask for CSV; renders errors, which come before any stream."""

    media_type = "text/csv"
    format = "csv"


def format_of(request: Request) -> str:
    """The format that a caller asked for: ``json``, ``ndjson`` or ``csv``."""
    return str(getattr(request, "accepted_renderer").format)  # noqa: B009 - DRF's stubs lack it


def refuse_pages(told: Mapping[str, Any]) -> None:
    """Check that who asks for a stream asks for no page of it.

    Raises:
        InvalidInput: A page was asked for too.
    """
    for field in ("cursor", "page_size"):
        if field in told:
            detail = f"A stream gives every row. Leave {field} out, or accept application/json."
            raise InvalidInput.at(f"/{field}", detail)


def ndjson_response(lines: Iterable[Row]) -> StreamingHttpResponse:
    """Stream JSON Lines.

    Args:
        lines: The last one alone has the name ``end``: a reader that never meets it knows that
            lines are missing.
    """
    text = (json.dumps(line, cls=JSONEncoder) + "\n" for line in lines)
    return StreamingHttpResponse(text, content_type=NdjsonRenderer.media_type)


def csv_response(rows: Iterable[Row], headers: Mapping[str, str]) -> StreamingHttpResponse:
    """Stream affected artifacts as CSV (RFC 4180), with a line of names first.

    Args:
        rows: As in the answer of a trace.
        headers: What a reader has to know of all rows, their number among it: CSV has no place for
            it behind the last row.
    """
    content_type = f"{CsvRenderer.media_type}; charset=utf-8; header=present"
    return StreamingHttpResponse(_csv(rows), content_type=content_type, headers=dict(headers))


class _Line:
    """What a CSV writer writes into; it gives each line back."""

    def write(self, line: str) -> str:
        return line


def _csv(rows: Iterable[Row]) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield writer.writerow(COLUMNS)
    for row in rows:
        whole = dict(row) | {
            "influence": " ".join(row["influence"]),
            "path_ids": " ".join(str(node["id"]) for node in row["path"]),
            "path_names": " → ".join(node["name"] for node in row["path"]),
        }
        yield writer.writerow([harmless(whole[column]) for column in COLUMNS])


def harmless(cell: object) -> str:
    """A cell that no spreadsheet takes for a formula: an apostrophe goes before what begins as one.

    >>> harmless("=HYPERLINK(A1)"), harmless(-1), harmless("a=b")
    ("'=HYPERLINK(A1)", '-1', 'a=b')
    """
    text = str(cell)
    guarded = isinstance(cell, str) and text.lstrip(" ").startswith(FORMULA_STARTS)
    return f"'{text}" if guarded else text
