"""Pages tell the time of the organisation; what is stored, signed and sent stays in UTC."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

Handler = Callable[[HttpRequest], HttpResponse]


def organisation_zone(get_response: Handler) -> Handler:
    """Middleware: renders every answer in the zone of ``settings.ORGANISATION_ZONE``."""

    def handle(request: HttpRequest) -> HttpResponse:
        with timezone.override(ZoneInfo(settings.ORGANISATION_ZONE)):
            return get_response(request)

    return handle
