"""Traces over HTTP: page by page, in one stream, between two moments, and every path."""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from django.http import StreamingHttpResponse
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from governance.authentication import ApiKeyAuthentication
from governance.errors import InvalidInput
from governance.parsing import StrictJSONParser, parsed
from governance.permissions import HasScope
from lineage.selectors import Asked, diff_impact, difference_document
from lineage.selectors.answers import DatedAnswer, answer_document, answer_heading, dated_answer
from lineage.selectors.paging import trace_page
from lineage.selectors.paths import Paths, path_document, paths_document, paths_to
from lineage.streams import (
    CsvRenderer,
    NdjsonRenderer,
    csv_response,
    format_of,
    ndjson_response,
    refuse_pages,
)
from lineage.trace_bodies import (
    LARGEST_PAGE,
    PAGE_SIZE,
    DifferenceBody,
    PathsBody,
    TraceBody,
    asked_in,
    moment_in,
)

#: Rows of a stream for which names are read at once.
CHUNK = 500
#: Lists of an answer that a stream gives item by item, and what it calls one of them.
LISTED = {
    "records": "record",
    "reasons": "reason",
    "frontier": "frontier",
    "blocked": "blocked",
    "cycles": "cycle",
}


class TraceView(APIView):
    """``POST /api/v1/lineage/trace``: what holds or inherited it, and if that is everything."""

    authentication_classes = [ApiKeyAuthentication]
    permission_classes = [HasScope("lineage:read")]
    parser_classes = [StrictJSONParser]
    renderer_classes = [JSONRenderer, NdjsonRenderer, CsvRenderer]

    def post(self, request: Request) -> Response | StreamingHttpResponse:
        """Answer with one page, or with all rows in the format that was asked for."""
        body = parsed(TraceBody, request)
        asked, as_of = asked_in(body), moment_in(body, "as_of")
        wanted = format_of(request)
        if wanted != JSONRenderer.format:
            return _streamed(body, asked, as_of, wanted)
        size = body.get("page_size", PAGE_SIZE)
        return Response(trace_page(asked, as_of, cursor=body.get("cursor"), size=size))


class TraceDifferenceView(APIView):
    """``POST /api/v1/lineage/trace/difference``: what changed between two moments."""

    authentication_classes = [ApiKeyAuthentication]
    permission_classes = [HasScope("lineage:read")]
    parser_classes = [StrictJSONParser]

    def post(self, request: Request) -> Response:
        """Answer with every line of the difference."""
        body = parsed(DifferenceBody, request)
        asked, after = asked_in(body), moment_in(body, "after")
        before = moment_in(body, "before")
        assert before is not None  # noqa: S101 - narrows the type; the body requires it
        found = diff_impact(asked, before, after, fields=("before", "after"))
        return Response(difference_document(found, before, after))


class TracePathsView(APIView):
    """``POST /api/v1/lineage/trace/paths``: every way by which something reached an artifact."""

    authentication_classes = [ApiKeyAuthentication]
    permission_classes = [HasScope("lineage:read")]
    parser_classes = [StrictJSONParser]
    renderer_classes = [JSONRenderer, NdjsonRenderer]

    def post(self, request: Request) -> Response | StreamingHttpResponse:
        """Answer with as many paths as asked for; ``more`` says whether there are others."""
        body = parsed(PathsBody, request)
        asked, as_of, limit = asked_in(body), moment_in(body, "as_of"), body.get("limit")
        if format_of(request) == NdjsonRenderer.format:
            found = paths_to(asked, body["to"], as_of)
            return _streamed_paths(found, limit)
        if limit is not None and limit > LARGEST_PAGE:
            detail = f"At most {LARGEST_PAGE}; more, and all, come as {NdjsonRenderer.media_type}."
            raise InvalidInput.at("/limit", detail)
        found = paths_to(asked, body["to"], as_of)
        paths = [path_document(found, path) for path in islice(found.paths, limit or PAGE_SIZE)]
        more = next(found.paths, None) is not None
        return Response(paths_document(found) | {"paths": paths, "more": more})


def _streamed(
    body: dict[str, Any], asked: Asked, as_of: datetime | None, wanted: str
) -> StreamingHttpResponse:
    """All rows of a trace in one stream, of one moment from the first to the last.

    Raises:
        InvalidInput: A page was asked for too.
    """
    refuse_pages(body)
    found = dated_answer(asked, as_of)
    if wanted == NdjsonRenderer.format:
        return ndjson_response(_lines(found))
    heading = answer_heading(found)
    headers = {
        "Vestige-As-Of": heading["as_of"] or "",
        "Vestige-Complete": str(heading["complete"]).lower(),
        "Vestige-Count": str(heading["counts"]["affected"]),
        "Vestige-Snapshot-Hash": heading["snapshot_hash"],
    }
    return csv_response(_rows(found), headers)


def _lines(found: DatedAnswer) -> Iterator[dict[str, Any]]:
    """An answer line by line; each has one name, and no line grows with the answer."""
    for row in _rows(found):
        yield {"affected": row}
    rest = answer_document(found)
    for key, name in LISTED.items():
        for item in rest.pop(key):
            yield {name: item}
    yield {"end": rest}


def _rows(found: DatedAnswer) -> Iterator[dict[str, Any]]:
    """Rows of an answer; names are read while they are sent, as of its moment."""
    for first in range(0, len(found.answer), CHUNK):
        yield from found.rows(first, first + CHUNK)


def _streamed_paths(found: Paths, limit: int | None) -> StreamingHttpResponse:
    def lines() -> Iterator[dict[str, Any]]:
        count = 0
        for path in islice(found.paths, limit):
            count += 1
            yield path_document(found, path)
        more = next(found.paths, None) is not None
        yield {"end": paths_document(found) | {"count": count, "more": more}}

    return ndjson_response(lines())
