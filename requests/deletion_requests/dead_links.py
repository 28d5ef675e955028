"""What people outside see behind a mailed link that cannot be used."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from deletion_requests.errors import UnknownLinkError


def dead_link_page(
    request: HttpRequest, unknown: UnknownLinkError, *, days: int | None = None
) -> HttpResponse:
    """Say what to do instead, in the words of the error.

    Args:
        request: The reader's.
        unknown: Why the link cannot be used.
        days: How long such a link may be used; None where it does not grow old.
    """
    context = {"detail": unknown.detail, "days": days}
    return render(request, "deletion_requests/unknown_link.html", context, status=unknown.status)
