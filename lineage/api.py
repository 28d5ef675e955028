"""OpenLineage over HTTP, as its clients expect it (POST /api/v1/lineage and /batch)."""

import io
import zlib
from typing import IO, Any

from django.conf import settings
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from governance.authentication import ApiKeyAuthentication
from governance.errors import InvalidInput, TooLarge
from governance.parsing import StrictJSONParser
from governance.permissions import HasScope
from lineage.errors import UnusableEvent
from lineage.services.openlineage import receive_event


class GzipJSONParser(StrictJSONParser):
    """JSON, plain or under ``Content-Encoding: gzip``; unpacked it is no larger than plain."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Any = None,  # noqa: ANN401 - DRF fixes the signature
    ) -> Any:  # noqa: ANN401 - JSON is any value
        """Read one JSON value.

        Raises:
            ParseError: The body is not gzip or not JSON.
            TooLarge: It is larger than ``settings.MAX_BODY_BYTES``, also when unpacked.
        """
        request = (parser_context or {}).get("request")
        encoding = request.headers.get("Content-Encoding", "") if request is not None else ""
        if encoding.lower() == "gzip":
            stream = io.BytesIO(_unpack(stream.read(settings.MAX_BODY_BYTES + 1)))
        return super().parse(stream, media_type, parser_context)


def _unpack(packed: bytes) -> bytes:
    """Unpack at most one byte more than allowed, however large the content claims to be."""
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        body = unpacker.decompress(packed, settings.MAX_BODY_BYTES + 1)
    except zlib.error as error:
        raise ParseError("The body is not valid gzip.") from error
    if len(body) > settings.MAX_BODY_BYTES:
        raise TooLarge
    if not unpacker.eof:
        raise ParseError("The gzip body ends too early.")
    return body


class LineageView(APIView):
    """One event."""

    authentication_classes = [ApiKeyAuthentication]
    permission_classes = [HasScope("lineage:write")]
    parser_classes = [GzipJSONParser]

    def post(self, request: Request) -> Response:
        """Take one event: 201 when new, 200 when it was known already."""
        receipt = receive_event(event=request.data)
        return Response({"warnings": list(receipt.warnings)}, status=201 if receipt.new else 200)


class LineageBatchView(APIView):
    """Many events; each stands for itself."""

    authentication_classes = [ApiKeyAuthentication]
    permission_classes = [HasScope("lineage:write")]
    parser_classes = [GzipJSONParser]

    def post(self, request: Request) -> Response:
        """Take an array of events: 204 when all were taken, else 200 with each refusal."""
        events = request.data
        if not isinstance(events, list):
            raise InvalidInput.at("", "This must be an array of events.")
        failed = []
        for index, event in enumerate(events):
            try:
                receive_event(event=event)
            except UnusableEvent as error:
                reason = "; ".join(f"{e.pointer} {e.detail}".strip() for e in error.errors)
                failed.append({"index": index, "reason": reason, "retriable": False})
        if not failed:
            return Response(status=204)
        summary = {
            "received": len(events),
            "successful": len(events) - len(failed),
            "failed": len(failed),
            "retriable": 0,
        }
        return Response({"status": "partial_success", "summary": summary, "failed_events": failed})
