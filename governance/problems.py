"""Every error of the API as ``application/problem+json`` (RFC 9457)."""

from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from rest_framework.exceptions import APIException, ErrorDetail, ValidationError
from rest_framework.response import Response
from rest_framework.views import set_rollback

from governance.errors import (
    FieldError,
    InvalidInput,
    NotAllowed,
    NotFound,
    TooLarge,
    VestigeError,
)

MEDIA_TYPE = "application/problem+json"


def problem_handler(exc: Exception, context: Mapping[str, object]) -> Response | None:
    """Map an exception to a problem response; DRF's ``EXCEPTION_HANDLER``.

    Args:
        exc: What the view raised.
        context: DRF's context with the request under ``request``.

    Returns:
        The response, or None where the exception is a defect that Django shall report as 500.
    """
    body = _body_of(exc)
    if body is None:
        return None
    body["instance"] = getattr(context.get("request"), "path", "")
    set_rollback()
    headers = _headers_of(exc)
    status = body["status"]
    assert isinstance(status, int)  # noqa: S101 - narrows the type; `problem` sets it
    return Response(body, status=status, headers=headers, content_type=MEDIA_TYPE)


def problem(error: VestigeError, *, instance: str = "") -> dict[str, object]:
    """Describe a typed error as an RFC 9457 object."""
    return {
        "type": f"urn:vestige:problem:{error.type}",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "instance": instance,
        "errors": [{"pointer": item.pointer, "detail": item.detail} for item in error.errors],
    }


def problem_response(error: VestigeError, *, instance: str) -> JsonResponse:
    """Answer with a problem from outside DRF, e.g. from a plain Django view."""
    return JsonResponse(
        problem(error, instance=instance), status=error.status, content_type=MEDIA_TYPE
    )


def field_errors(detail: object, pointer: str = "") -> Iterator[FieldError]:
    """Flatten DRF's nested error detail into one item a field, each with its JSON Pointer."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            step = "" if name == "non_field_errors" else f"/{_escape(str(name))}"
            yield from field_errors(inner, pointer + step)
    elif isinstance(detail, list | tuple):
        for position, inner in enumerate(detail):
            nested = isinstance(inner, Mapping | list | tuple)
            yield from field_errors(inner, f"{pointer}/{position}" if nested else pointer)
    elif detail:
        yield FieldError(pointer=pointer, detail=str(detail))


def _escape(name: str) -> str:
    """Escape one reference token as RFC 6901 says."""
    return name.replace("~", "~0").replace("/", "~1")


def _body_of(exc: Exception) -> dict[str, object] | None:
    error = _typed(exc)
    if error is not None:
        return problem(error)
    if isinstance(exc, APIException):
        status = HTTPStatus(exc.status_code)
        return problem(VestigeError(_message(exc.detail))) | {
            "type": f"urn:vestige:problem:{exc.default_code.replace('_', '-')}",
            "title": status.phrase.capitalize(),
            "status": exc.status_code,
        }
    return None


def _typed(exc: Exception) -> VestigeError | None:
    """Our own error for the exceptions that have one."""
    if isinstance(exc, VestigeError):
        return exc
    if isinstance(exc, ValidationError):
        return InvalidInput(errors=tuple(field_errors(exc.detail)))
    if isinstance(exc, RequestDataTooBig):
        return TooLarge()
    if isinstance(exc, Http404):
        return NotFound()
    return NotAllowed() if isinstance(exc, PermissionDenied) else None


def _message(detail: object) -> str:
    return str(detail) if isinstance(detail, ErrorDetail | str) else "The request failed."


def _headers_of(exc: Exception) -> dict[str, str]:
    """Headers that belong to the status: whom to authenticate as, when to come back."""
    headers = {}
    if authenticate := getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = str(authenticate)
    if wait := getattr(exc, "wait", None):
        headers["Retry-After"] = str(int(wait))
    return headers


def is_api(request: HttpRequest) -> bool:
    """Whether the caller is a program: the API answers problems, pages answer HTML."""
    return request.path.startswith("/api/")


class ApiProblemMiddleware:
    """Gives the API's errors that arise outside its views (no such address, 500) a problem body."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Replace an HTML error body by a problem for callers of the API."""
        response = self.get_response(request)
        if not is_api(request) or response.status_code < HTTPStatus.BAD_REQUEST:
            return response
        if response.headers.get("Content-Type", "").split(";")[0] == MEDIA_TYPE:
            return response
        return problem_response(_for_status(response.status_code), instance=request.path)


def _for_status(status: int) -> VestigeError:
    known = {error.status: error for error in (NotAllowed, NotFound, TooLarge)}
    if status in known:
        return known[status]()
    phrase = HTTPStatus(status)
    words = {
        "status": status,
        "title": phrase.phrase.capitalize(),
        "type": phrase.phrase.lower().replace(" ", "-"),
    }
    kind: type[VestigeError] = type("HttpProblem", (VestigeError,), words)
    return kind(phrase.description or phrase.phrase)
