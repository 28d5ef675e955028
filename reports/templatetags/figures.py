"""Pictures of a report, drawn on the server."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from reports.figure import lineage_figure

register = template.Library()


@register.simple_tag
def lineage_picture(affected: Sequence[Mapping[str, Any]]) -> SafeString:
    """Draw the lineage of the affected artifacts, with its words for those who cannot see it."""
    figure = lineage_figure(affected)
    if figure is None:
        return SafeString("")
    # The SVG is built from escaped names and numbers only.
    drawing = mark_safe(figure.svg)  # noqa: S308 - see above
    return format_html(
        '<figure class="r-picture"><div class="r-scroll" role="img" aria-label="{}" tabindex="0">'
        "{}</div><figcaption>{}</figcaption></figure>",
        figure.alt,
        drawing,
        figure.caption,
    )
