"""What the graph does not know, over HTTP."""

from typing import Any

from django.http import StreamingHttpResponse
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from governance.authentication import ApiKeyAuthentication
from governance.parsing import AddressSerializer, parsed_address
from governance.permissions import HasScope
from lineage.gaps import RULE_NAMES, SEVERITIES
from lineage.moments import moment_from
from lineage.selectors import GapQuestion, gap_document, gaps_asked_for, gaps_page
from lineage.streams import NdjsonRenderer, format_of, ndjson_response, refuse_pages

#: Gaps on a page where the caller names no number, and at most.
PAGE_SIZE, LARGEST_PAGE = 100, 1000


class GapsAddress(AddressSerializer):
    """Which gaps, and which page of them."""

    severity = serializers.ChoiceField(choices=SEVERITIES, required=False)
    rule = serializers.ChoiceField(choices=RULE_NAMES, required=False)
    as_of = serializers.CharField(required=False)
    cursor = serializers.CharField(required=False, max_length=4000)
    page_size = serializers.IntegerField(min_value=1, max_value=LARGEST_PAGE, required=False)


class GapsView(APIView):
    """``GET /api/v1/lineage/gaps``: what may hide an affected artifact, and how to close it."""

    authentication_classes = [ApiKeyAuthentication]
    permission_classes = [HasScope("lineage:read")]
    renderer_classes = [JSONRenderer, NdjsonRenderer]

    def get(self, request: Request) -> Response | StreamingHttpResponse:
        """List gaps of now, or as of a moment: page by page, or all in one stream."""
        told = parsed_address(GapsAddress, request)
        asked = GapQuestion(
            as_of=moment_from(told["as_of"], "as_of") if "as_of" in told else None,
            severity=told.get("severity"),
            rule=told.get("rule"),
        )
        if format_of(request) == NdjsonRenderer.format:
            refuse_pages(told)
            return ndjson_response(_lines(asked))
        size = told.get("page_size", PAGE_SIZE)
        return Response(gaps_page(asked, cursor=told.get("cursor"), size=size))


def _lines(asked: GapQuestion) -> list[dict[str, Any]]:
    found = gaps_asked_for(asked)
    as_of = asked.as_of.isoformat() if asked.as_of else None
    lines = [{"gap": gap_document(each)} for each in found]
    return [*lines, {"end": {"as_of": as_of, "total": len(found)}}]
