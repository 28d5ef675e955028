"""Who may open a page: people who have signed in and hold a role."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from governance.models import Role, User

#: Who may enter a request on behalf of a data subject.
RECEIVERS = (Role.PRIVACY_OFFICER, Role.ADMINISTRATOR)

P = ParamSpec("P")
Page = Callable[Concatenate[HttpRequest, P], HttpResponse]


class OfficerRequest(HttpRequest):
    """A request that has passed ``officers_only``."""

    user: User


def officers_only(
    *roles: Role,
) -> Callable[[Callable[Concatenate[OfficerRequest, P], HttpResponse]], Page[P]]:
    """Make a decorator that lets signed-in officers pass; without roles named, any role does.

    Others are sent to the sign-in page, or refused with 403 when signed in without the role.
    """
    wanted = roles or tuple(Role)

    def decorate(page: Callable[Concatenate[OfficerRequest, P], HttpResponse]) -> Page[P]:
        @wraps(page)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if not isinstance(request.user, User) or not request.user.has_role(*wanted):
                needed = " or ".join(str(role.label).lower() for role in wanted)
                raise PermissionDenied(f"This page needs the role {needed}.")
            return page(request, *args, **kwargs)  # type: ignore[arg-type]

        return login_required(guarded)

    return decorate
