"""The addresses of the site, and some that go wrong as only an accident otherwise does."""

from axes.helpers import get_lockout_response
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.csrf import csrf_failure

from config.urls import urlpatterns as _site


def _malformed(_request: HttpRequest) -> HttpResponse:
    raise SuspiciousOperation("An accident for the tests.")


def _defect(_request: HttpRequest) -> HttpResponse:
    raise RuntimeError("An accident for the tests.")


urlpatterns = [
    *_site,
    path("faults/400", _malformed),
    path("faults/403-csrf", csrf_failure),
    path("faults/429", get_lockout_response),
    path("faults/500", _defect),
]
