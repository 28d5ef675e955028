"""Who may open a page: people who have signed in and whose role allows the act."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django_htmx.http import HttpResponseClientRefresh
from django_htmx.middleware import HtmxDetails

from governance.acts import Act, may, refusal
from governance.models import User

P = ParamSpec("P")
Page = Callable[Concatenate[HttpRequest, P], HttpResponse]


class OfficerRequest(HttpRequest):
    """A request that has passed ``officers_only``."""

    user: User


def officers_only(
    *acts: Act, stands_on: Callable[..., str] | None = None
) -> Callable[[Callable[Concatenate[OfficerRequest, P], HttpResponse]], Page[P]]:
    """Make a decorator that lets those pass who may do one of the acts.

    Others are sent to the sign-in page, or refused with 403 when they have signed in.

    Args:
        acts: What the page is for.
        stands_on: For an address that takes a button's form only: gives the page on which the
            button stands, from the arguments in the address. Whoever signs in is led there.
    """

    def decorate(page: Callable[Concatenate[OfficerRequest, P], HttpResponse]) -> Page[P]:
        @wraps(page)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if not request.user.is_authenticated:
                button_page = stands_on(*args, **kwargs) if stands_on else ""
                return _sign_in_first(request, button_page or request.get_full_path())
            if not any(may(request.user, act) for act in acts):
                raise PermissionDenied(refusal(acts[0]))
            return page(request, *args, **kwargs)  # type: ignore[arg-type]

        return guarded

    return decorate


def _sign_in_first(request: HttpRequest, page: str) -> HttpResponse:
    """Lead to the sign-in page, and from there back to a page."""
    if HtmxDetails(request):
        # A redirect would be followed out of sight and the sign-in page put inside this one; what
        # is loaded again as a whole is redirected as a whole, with its own address to return to.
        return HttpResponseClientRefresh()
    if request.method not in {"GET", "HEAD"}:
        messages.warning(
            request, "You were signed out, so nothing was done. Sign in and try again."
        )
    return redirect_to_login(page)
