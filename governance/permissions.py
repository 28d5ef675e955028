"""Who may pass: clients by scope, officers by role."""

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from governance.models import ApiClient, Role, User

#: Every scope a key may carry.
SCOPES = ("requests:write", "requests:read", "lineage:write", "lineage:read", "reports:read")


def HasScope(scope: str) -> type[BasePermission]:  # noqa: N802 - reads as the class it makes
    """Make a permission: the caller is an API client whose key carries the scope."""

    class ScopePermission(BasePermission):
        message = f"This needs an API key with the scope {scope}."

        def has_permission(self, request: Request, view: APIView) -> bool:  # noqa: ARG002
            return isinstance(request.auth, ApiClient) and scope in request.auth.scopes

    return ScopePermission


def HasRole(*roles: Role) -> type[BasePermission]:  # noqa: N802 - reads as the class it makes
    """Make a permission: the caller is a signed-in officer with one of the roles."""

    class RolePermission(BasePermission):
        message = f"This needs the role {' or '.join(role.label for role in roles)}."

        def has_permission(self, request: Request, view: APIView) -> bool:  # noqa: ARG002
            return isinstance(request.user, User) and request.user.has_role(*roles)

    return RolePermission
