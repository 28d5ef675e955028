"""The API about recipients: their own answer, and what an officer does about them."""

from uuid import UUID

from rest_framework.authentication import SessionAuthentication
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from deletion_requests import services
from deletion_requests.models import RecipientNotice
from deletion_requests.parsing import (
    EmptyBody,
    NoteBody,
    ReasonBody,
    TokenBody,
    actor_of,
)
from governance.acts import Act
from governance.parsing import StrictJSONParser, parsed
from governance.permissions import OfficerMay


class AcknowledgementsApi(APIView):
    """``POST /api/v1/recipients/acknowledgements``: a recipient says that it has erased.

    The token of the mailed link is the whole permission. It carries 256 random bits, so guesses
    need no limit of their own, and a wrong one gets the same answer as one that is too old.
    """

    permission_classes = [AllowAny]
    parser_classes = [StrictJSONParser]

    def post(self, request: Request) -> Response:
        """Record the acknowledgement; sending it again changes nothing."""
        body = parsed(TokenBody, request)
        return Response(_answer(services.acknowledge_by_link(token=body["token"])))


class _OfficersApi(APIView):
    """What the acts of those who write to recipients have in common."""

    authentication_classes = [SessionAuthentication]
    permission_classes = [OfficerMay(Act.MANAGE_RECIPIENTS)]
    parser_classes = [StrictJSONParser]


class RecordedAcknowledgementApi(_OfficersApi):
    """``POST /api/v1/requests/{id}/recipients/{id}/acknowledgement``: recorded by hand."""

    def post(self, request: Request, request_id: UUID, notice_id: UUID) -> Response:
        """Record an answer that came another way."""
        body = parsed(NoteBody, request)
        notice = services.record_acknowledgement(
            request_id=request_id,
            notice_id=notice_id,
            actor=actor_of(request),
            note=body["note"],
        )
        return Response(_answer(notice))


class RecordedNotificationApi(_OfficersApi):
    """``POST /api/v1/requests/{id}/recipients/{id}/notification``: told by hand."""

    def post(self, request: Request, request_id: UUID, notice_id: UUID) -> Response:
        """Record that the recipient was told by hand."""
        body = parsed(NoteBody, request)
        notice = services.record_notification(
            request_id=request_id,
            notice_id=notice_id,
            actor=actor_of(request),
            note=body["note"],
        )
        return Response(_answer(notice))


class ReminderApi(_OfficersApi):
    """``POST /api/v1/requests/{id}/recipients/{id}/reminder``: another letter."""

    def post(self, request: Request, request_id: UUID, notice_id: UUID) -> Response:
        """Mail the recipient again."""
        parsed(EmptyBody, request)
        notice = services.remind_recipient(
            request_id=request_id, notice_id=notice_id, actor=actor_of(request)
        )
        return Response(_answer(notice))


class PartialReportApi(_OfficersApi):
    """``POST /api/v1/requests/{id}/partial-report``: do not wait for the recipients any longer."""

    def post(self, request: Request, request_id: UUID) -> Response:
        """Let the report be written without their answers."""
        body = parsed(ReasonBody, request)
        row = services.report_as_partial(
            request_id=request_id, actor=actor_of(request), reason=body["reason"]
        )
        return Response({"id": str(row.pk), "state": row.state})


def _answer(notice: RecipientNotice) -> dict[str, str | None]:
    acknowledged = notice.acknowledged_at
    return {
        "recipient": notice.name,
        "reference": notice.request.reference,
        "state": notice.state,
        "acknowledged_at": acknowledged.isoformat() if acknowledged else None,
    }
