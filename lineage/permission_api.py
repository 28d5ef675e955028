"""Whether a training is allowed, what people chose, and what is kept past its term."""

from dataclasses import asdict

from django.http import StreamingHttpResponse
from django.utils import timezone
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from governance.authentication import ApiKeyAuthentication
from governance.errors import InvalidInput
from governance.parsing import StrictJSONParser, StrictSerializer, parsed
from governance.permissions import HasScope
from lineage.parsing import NameField, SubjectBody
from lineage.permission import EVERY_PURPOSE, Choice
from lineage.selectors import allowed_to_train, permission_document, retention
from lineage.services import record_choice
from lineage.streams import NdjsonRenderer, format_of, ndjson_response
from lineage.terms import UnusableTermsError, purpose_in


class QuestionBody(StrictSerializer):
    """What a training wants to read."""

    datasets = serializers.ListField(
        child=NameField(max_length=1000), allow_empty=False, max_length=1000
    )
    purpose = serializers.CharField(default="training")
    #: Whether to name the records of the people concerned.
    records = serializers.BooleanField(default=False)


class ChoiceBody(StrictSerializer):
    """What one person chose."""

    subject = SubjectBody()
    choice = serializers.ChoiceField(choices=[choice.value for choice in Choice])
    purpose = serializers.CharField(default=EVERY_PURPOSE)
    chosen_at = serializers.DateTimeField(default=None)


class AllowedToTrainView(APIView):
    """``POST /api/v1/lineage/allowed-to-train``: may this training start?"""

    authentication_classes = [ApiKeyAuthentication]
    permission_classes = [HasScope("lineage:read")]
    parser_classes = [StrictJSONParser]

    def post(self, request: Request) -> Response:
        """Answer 200 either way; ``allowed`` says which, ``refusals`` why not."""
        body = parsed(QuestionBody, request)
        try:
            purpose = purpose_in(body["purpose"])
        except UnusableTermsError as error:
            raise InvalidInput.at("/purpose", f"This {error.rule}.") from error
        permission = allowed_to_train(body["datasets"], purpose=purpose, now=timezone.now())
        return Response(permission_document(permission, records=body["records"]))


class ChoicesView(APIView):
    """``POST /api/v1/lineage/choices``: what one person chose."""

    authentication_classes = [ApiKeyAuthentication]
    permission_classes = [HasScope("choices:write")]
    parser_classes = [StrictJSONParser]

    def post(self, request: Request) -> Response:
        """Take one choice: 201 when new, 200 when it was told before."""
        body = parsed(ChoiceBody, request)
        new = record_choice(
            identifier=body["subject"]["email"],
            choice=Choice(body["choice"]),
            purpose=body["purpose"],
            chosen_at=body["chosen_at"],
            told_by=str(request.user),
        )
        return Response({"new": new}, status=201 if new else 200)


class RetentionView(APIView):
    """``GET /api/v1/lineage/retention``: what is to be destroyed."""

    authentication_classes = [ApiKeyAuthentication]
    permission_classes = [HasScope("lineage:read")]
    renderer_classes = [JSONRenderer, NdjsonRenderer]

    def get(self, request: Request) -> Response | StreamingHttpResponse:
        """List what is past its term, and what has none: whole, or line by line."""
        found = asdict(retention(timezone.now()))
        if format_of(request) != NdjsonRenderer.format:
            return Response(found)
        lines = [{name: item} for name, items in found.items() for item in items]
        return ndjson_response([*lines, {"end": {name: len(found[name]) for name in found}}])
