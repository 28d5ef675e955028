"""Who may pass: clients by scope, officers by the table of acts."""

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from governance.acts import Act, may, refusal
from governance.models import ApiClient

#: Every scope a key may carry.
SCOPES = (
    "requests:write",
    "requests:read",
    "lineage:write",
    "lineage:read",
    "choices:write",
    "reports:read",
)


def HasScope(scope: str) -> type[BasePermission]:  # noqa: N802 - reads as the class it makes
    """Make a permission: the caller is an API client whose key carries the scope."""

    class ScopePermission(BasePermission):
        message = f"This needs an API key with the scope {scope}."

        def has_permission(self, request: Request, view: APIView) -> bool:  # noqa: ARG002
            return isinstance(request.auth, ApiClient) and scope in request.auth.scopes

    return ScopePermission


def OfficerMay(act: Act) -> type[BasePermission]:  # noqa: N802 - reads as the class it makes
    """Make a permission: the caller is a signed-in person whose role allows the act."""

    class ActPermission(BasePermission):
        message = refusal(act)

        def has_permission(self, request: Request, view: APIView) -> bool:  # noqa: ARG002
            return may(request.user, act)

    return ActPermission
