"""Moments as people of the organisation read them, each with its zone."""

from datetime import date, datetime

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def stamp(value: datetime | date | None, detail: str = "minute") -> SafeString:
    """Write a moment as a ``<time>`` element.

    Args:
        value: An aware moment or a day; None gives a dash.
        detail: ``day``, ``minute`` or ``second``.
    """
    if value is None:
        return format_html('<span class="soft">{}</span>', "-")
    if not isinstance(value, datetime):
        return _element(value.isoformat(), _day(value))
    local = timezone.localtime(value)
    if detail == "day":
        return _element(local.isoformat(), _day(local))
    clock = f"{local:%H:%M:%S}" if detail == "second" else f"{local:%H:%M}"
    return _element(local.isoformat(), f"{_day(local)}, {clock} {local:%Z}")


@register.simple_tag
def zone_name() -> str:
    """Name the zone in which the times of a page are shown."""
    return timezone.get_current_timezone_name()


def _day(value: date) -> str:
    return f"{value.day} {value:%b %Y}"


def _element(machine: str, text: str) -> SafeString:
    return format_html('<time class="nowrap" datetime="{}">{}</time>', machine, text)
