"""The deletion-request API: authorise, parse, one call, render."""

from uuid import UUID

from rest_framework import status
from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from deletion_requests import parsing, rendering, services
from deletion_requests.errors import WrongCodeError
from deletion_requests.resumption import resume_as
from deletion_requests.selectors import duplicates_in, get_request, request_view
from governance.acts import Act, may, refusal
from governance.authentication import ApiKeyAuthentication
from governance.errors import InvalidInput, NotAllowed
from governance.models import User
from governance.parsing import StrictJSONParser, parsed
from governance.permissions import HasScope, OfficerMay
from lineage.selectors import duplicate_document

_KEY_LENGTH = 200


class RequestsApi(APIView):
    """``POST /api/v1/requests``: a new request."""

    authentication_classes = [ApiKeyAuthentication]
    permission_classes = [HasScope("requests:write")]
    parser_classes = [StrictJSONParser]

    def post(self, request: Request) -> Response:
        """Receive a request; the same Idempotency-Key and body give the same answer."""
        body = parsed(parsing.IntakeBody, request)
        row = services.receive_request(
            regime=body["regime"],
            request_type=body["request_type"],
            email=body["subject"]["email"],
            intake_client=str(request.user),
            idempotency_key=_idempotency_key(request),
        )
        answer = rendering.receipt(row)
        return Response(
            answer,
            status=status.HTTP_201_CREATED,
            headers={"Location": answer["links"]["self"]},
        )


class RequestApi(APIView):
    """``GET /api/v1/requests/{id}``: everything about one request."""

    authentication_classes = [ApiKeyAuthentication, SessionAuthentication]
    permission_classes = [HasScope("requests:read") | OfficerMay(Act.READ_REQUESTS)]

    def get(self, _request: Request, request_id: UUID) -> Response:
        """Show a request with clock, trace, plan, progress and report."""
        return Response(rendering.request_document(request_view(request_id)))


class IdentityApi(APIView):
    """``POST /api/v1/requests/{id}/identity``: the one-time code."""

    authentication_classes = [ApiKeyAuthentication]
    permission_classes = [HasScope("requests:write")]
    parser_classes = [StrictJSONParser]

    def post(self, request: Request, request_id: UUID) -> Response:
        """Confirm that the sender is the data subject."""
        body = parsed(parsing.CodeBody, request)
        answer = services.confirm_identity(
            request_id=request_id, code=body["code"], actor=str(request.user)
        )
        if not answer.confirmed:
            # Raised after the attempt is on record, never instead of it.
            raise WrongCodeError.at("/code", _sentence(answer))
        return Response({"id": str(request_id), "state": get_request(request_id).state})


class ApprovalsApi(APIView):
    """``POST /api/v1/requests/{id}/approvals``: an officer's yes."""

    authentication_classes = [SessionAuthentication]
    permission_classes = [OfficerMay(Act.APPROVE_PLAN)]
    parser_classes = [StrictJSONParser]

    def post(self, request: Request, request_id: UUID) -> Response:
        """Approve the plan with the digest that the officer read."""
        body = parsed(parsing.ApprovalBody, request)
        assert isinstance(request.user, User)  # noqa: S101 - OfficerMay lets nobody else pass
        approval = services.approve_plan(
            request_id=request_id, officer=request.user, plan_digest=body["plan_digest"]
        )
        answer = {
            "officer": request.user.get_username(),
            "plan_digest": approval.plan_digest,
            "approved_at": approval.approved_at.isoformat(),
            "state": get_request(request_id).state,
        }
        return Response(answer, status=status.HTTP_201_CREATED)


class DuplicatesApi(APIView):
    """``GET`` and ``POST /api/v1/requests/{id}/duplicates``: whose rows those are."""

    authentication_classes = [ApiKeyAuthentication, SessionAuthentication]
    permission_classes = [HasScope("requests:read") | OfficerMay(Act.READ_REQUESTS)]
    parser_classes = [StrictJSONParser]

    def get(self, _request: Request, request_id: UUID) -> Response:
        """List every one of them, the decided ones included."""
        rows = duplicates_in(request_id)
        return Response({"duplicates": [duplicate_document(row) for row in rows]})

    def post(self, request: Request, request_id: UUID) -> Response:
        """Decide of one of them; what was planned is planned anew."""
        if not may(request.user, Act.DECIDE_DUPLICATES):
            raise NotAllowed(refusal(Act.DECIDE_DUPLICATES))
        body = parsed(parsing.DuplicateBody, request)
        row = services.decide_duplicate_of(
            request_id=request_id,
            record_id=body["record"],
            decision=body["decision"],
            actor=parsing.actor_of(request),
        )
        return Response({"id": str(row.pk), "state": row.state})


class WithdrawalApi(APIView):
    """``POST /api/v1/requests/{id}/withdrawal``: the data subject takes the request back."""

    authentication_classes = [ApiKeyAuthentication, SessionAuthentication]
    permission_classes = [HasScope("requests:write") | OfficerMay(Act.WITHDRAW_REQUEST)]
    parser_classes = [StrictJSONParser]

    def post(self, request: Request, request_id: UUID) -> Response:
        """Withdraw a request whose work has not begun."""
        parsed(parsing.EmptyBody, request)
        row = services.withdraw_request(request_id=request_id, actor=parsing.actor_of(request))
        return Response({"id": str(row.pk), "state": row.state})


class ResumptionApi(APIView):
    """``POST /api/v1/requests/{id}/resumption``: a person sends a stuck request on."""

    authentication_classes = [SessionAuthentication]
    permission_classes = [OfficerMay(Act.RESUME_REQUEST) | OfficerMay(Act.RESUME_JOBS)]
    parser_classes = [StrictJSONParser]

    def post(self, request: Request, request_id: UUID) -> Response:
        """Resume a request that needed a person."""
        parsed(parsing.EmptyBody, request)
        assert isinstance(request.user, User)  # noqa: S101 - OfficerMay lets nobody else pass
        row = resume_as(officer=request.user, request_id=request_id)
        return Response({"id": str(row.pk), "state": row.state})


def _idempotency_key(request: Request) -> str:
    key = request.headers.get("Idempotency-Key", "")
    if len(key) > _KEY_LENGTH:
        raise InvalidInput(f"An Idempotency-Key has at most {_KEY_LENGTH} characters.")
    return key


def _sentence(answer: services.CodeAnswer) -> str:
    if answer.expired:
        return "The code is not right, or too old, and the request has expired. Send a new one."
    return f"The code is not right; {answer.attempts_left} attempts are left."
