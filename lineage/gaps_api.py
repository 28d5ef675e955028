"""What the graph does not know, over HTTP."""

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from governance.authentication import ApiKeyAuthentication
from governance.parsing import AddressSerializer, parsed_address
from governance.permissions import HasScope
from lineage.gaps import RULE_NAMES, SEVERITIES
from lineage.moments import moment_from
from lineage.selectors import GapQuestion, gaps_page

#: Gaps on a page where the caller names no number, and at most.
PAGE_SIZE, LARGEST_PAGE = 100, 1000


class GapsAddress(AddressSerializer):
    """Which gaps, and which page of them."""

    severity = serializers.ChoiceField(choices=SEVERITIES, required=False)
    rule = serializers.ChoiceField(choices=RULE_NAMES, required=False)
    as_of = serializers.CharField(required=False)
    cursor = serializers.CharField(required=False, max_length=4000)
    page_size = serializers.IntegerField(
        default=PAGE_SIZE, min_value=1, max_value=LARGEST_PAGE, required=False
    )


class GapsView(APIView):
    """``GET /api/v1/lineage/gaps``: what may hide an affected artifact, and how to close it."""

    authentication_classes = [ApiKeyAuthentication]
    permission_classes = [HasScope("lineage:read")]

    def get(self, request: Request) -> Response:
        """List gaps of now, or as of a moment, page by page."""
        told = parsed_address(GapsAddress, request)
        asked = GapQuestion(
            as_of=moment_from(told["as_of"], "as_of") if "as_of" in told else None,
            severity=told.get("severity"),
            rule=told.get("rule"),
        )
        return Response(gaps_page(asked, cursor=told.get("cursor"), size=told["page_size"]))
