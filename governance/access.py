"""Who may open a page: people who have signed in and whose role allows the act."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from governance.acts import Act, may, refusal
from governance.models import User

P = ParamSpec("P")
Page = Callable[Concatenate[HttpRequest, P], HttpResponse]


class OfficerRequest(HttpRequest):
    """A request that has passed ``officers_only``."""

    user: User


def officers_only(
    *acts: Act,
) -> Callable[[Callable[Concatenate[OfficerRequest, P], HttpResponse]], Page[P]]:
    """Make a decorator that lets those pass who may do one of the acts.

    Others are sent to the sign-in page, or refused with 403 when they have signed in.
    """

    def decorate(page: Callable[Concatenate[OfficerRequest, P], HttpResponse]) -> Page[P]:
        @wraps(page)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if not any(may(request.user, act) for act in acts):
                raise PermissionDenied(refusal(acts[0]))
            return page(request, *args, **kwargs)  # type: ignore[arg-type]

        return login_required(guarded)

    return decorate
