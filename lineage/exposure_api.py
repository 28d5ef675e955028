"""Since when trainings may carry somebody's records, over HTTP."""

from dataclasses import asdict

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from governance.authentication import ApiKeyAuthentication
from governance.errors import InvalidInput
from governance.parsing import StrictJSONParser, StrictSerializer, parsed
from governance.permissions import HasScope
from governance.subjects import subject_digest
from lineage.parsing import NameField, SubjectBody
from lineage.selectors import exposures


class ExposureBody(StrictSerializer):
    """Whose records, and in which run."""

    subject = SubjectBody(required=False)
    records = serializers.ListField(
        child=NameField(max_length=200), allow_empty=False, required=False
    )
    run = serializers.CharField(default="", max_length=300)


class ExposureView(APIView):
    """``POST /api/v1/lineage/exposure``: first steps and checkpoints."""

    authentication_classes = [ApiKeyAuthentication]
    permission_classes = [HasScope("lineage:read")]
    parser_classes = [StrictJSONParser]

    def post(self, request: Request) -> Response:
        """Answer for every training that the records may have reached.

        Raises:
            InvalidInput: Both a subject and records are given, or neither.
        """
        body = parsed(ExposureBody, request)
        if ("subject" in body) == ("records" in body):
            raise InvalidInput.at("", "Say whose records: either subject or records.")
        who = body["records"] if "records" in body else subject_digest(body["subject"]["email"])
        return Response(asdict(exposures(who, run=body["run"])))
