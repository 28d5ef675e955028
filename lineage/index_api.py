"""Loading records over HTTP: the rows are read by a worker, and how that stands can be asked."""

from django.urls import reverse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from governance.authentication import ApiKeyAuthentication
from governance.parsing import StrictJSONParser, StrictSerializer, parsed
from governance.permissions import HasScope
from lineage.capture.openlineage_datasets import FORMATS
from lineage.parsing import NameField
from lineage.records import RecordLayout
from lineage.selectors.readings import reading_document
from lineage.services import LoadOrder, ask_to_load
from lineage.services.record_sources import AUTO, open_source


class LoadBody(StrictSerializer):
    """Which rows to load, and what their columns mean."""

    dataset = serializers.CharField(max_length=300)
    version = serializers.CharField(max_length=100, required=False, default="")
    #: Where the machines that run workers find the files.
    location = serializers.RegexField(
        r"^(file://)?/",
        max_length=1000,
        error_messages={
            "invalid": "This must be a file: URI or an absolute path. Rows of a query or of an "
            "MLflow run are loaded with the command `vestige index load`.",
        },
    )
    format = serializers.ChoiceField(choices=[AUTO, *FORMATS], default=AUTO)
    record_id_column = serializers.CharField(max_length=300)
    subject_columns = serializers.ListField(
        child=NameField(max_length=300), allow_empty=False, max_length=20
    )
    unnamed_rows = serializers.BooleanField(default=False)
    near_duplicates = serializers.BooleanField(default=False)


class IndexView(APIView):
    """``POST /api/v1/lineage/index``: let the rows of a dataset be read."""

    authentication_classes = [ApiKeyAuthentication]
    permission_classes = [HasScope("lineage:write")]
    parser_classes = [StrictJSONParser]

    def post(self, request: Request) -> Response:
        """Answer 202; ``Location`` says where to ask how it stands."""
        body = parsed(LoadBody, request)
        asked = RecordLayout(
            record_id_column=body["record_id_column"],
            subject_columns=tuple(dict.fromkeys(body["subject_columns"])),
            unnamed_rows=body["unnamed_rows"],
            near_duplicates=body["near_duplicates"],
        )
        with open_source(body["location"], asked, form=body["format"]) as opened:
            source, layout, by_hand = opened
            order = LoadOrder(
                name=body["dataset"], version=body["version"], layout=layout, by_hand=by_hand
            )
            dataset = ask_to_load(order, source)
        where = reverse("lineage-index-of", args=[dataset.pk])
        return Response(reading_document(dataset.pk), status=202, headers={"Location": where})


class IndexOfView(APIView):
    """``GET /api/v1/lineage/index/{artifact_id}``: how far a dataset is read."""

    authentication_classes = [ApiKeyAuthentication]
    permission_classes = [HasScope("lineage:read")]

    def get(self, _request: Request, artifact_id: int) -> Response:
        """Say whether it waits, is in the record index, or failed and why."""
        return Response(reading_document(artifact_id))
