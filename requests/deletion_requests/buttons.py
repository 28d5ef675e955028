"""What every button on the page of a request shares: who may press it, and what is said after."""

from collections.abc import Callable
from typing import Concatenate, ParamSpec
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from deletion_requests.errors import RequestNotFoundError
from governance.access import OfficerRequest, officers_only
from governance.acts import Act
from governance.errors import VestigeError

P = ParamSpec("P")


def button_of_request(
    *acts: Act,
) -> Callable[
    [Callable[Concatenate[OfficerRequest, P], HttpResponse]],
    Callable[Concatenate[HttpRequest, P], HttpResponse],
]:
    """Make a decorator for the address behind a button: takes forms only, of those who may.

    Whose session has ended signs in and finds the request's page again; nothing is done unseen.
    """

    def decorate(
        act: Callable[Concatenate[OfficerRequest, P], HttpResponse],
    ) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
        return require_POST(officers_only(*acts, stands_on=_page_of)(act))

    return decorate


def told(request: OfficerRequest, request_id: UUID, act: Callable[[], str]) -> HttpResponse:
    """Act, and tell the officer on the request's page that it was done, or why it was refused.

    Args:
        request: The officer's.
        request_id: The deletion request whose page is shown next.
        act: Does it, and says so in one sentence.

    Raises:
        Http404: There is no such deletion request.
    """
    try:
        messages.success(request, act())
    except RequestNotFoundError as missing:
        raise Http404(missing.detail) from missing
    except VestigeError as refusal:
        messages.error(request, refusal.detail)
    return redirect("request", request_id)


def actor_of(request: OfficerRequest) -> str:
    """Name the officer as the ledger does."""
    return f"officer:{request.user.get_username()}"


def _page_of(request_id: UUID, **_others: object) -> str:
    return reverse("request", args=[request_id])
