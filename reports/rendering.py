"""Renders the document object: canonical JSON for machines, HTML for people.

Pure, with templates that know no server: the same document gives the same bytes wherever it is
rendered, so the offline verifier renders an export's document anew and compares.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import rfc8785
from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError
from markupsafe import Markup

from governance import wording
from reports.figure import lineage_figure
from unlearning.verification.wording import counted

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"
#: The report as a file that stands alone, and its part that a page of the site embeds.
FILE, ARTICLE = "reports/report.html", "reports/document.html"

#: The picture of the lineage, with its words for those who cannot see it.
PICTURE = Markup(
    '<figure class="r-picture"><div class="r-scroll" role="img" aria-label="{}" tabindex="0">'
    "{}</div><figcaption>{}</figcaption></figure>"
)
#: What the templates call to say a value.
FILTERS = (
    wording.clock_event,
    wording.duration,
    wording.guarantee_name,
    wording.guarantee_tone,
    wording.influence_name,
    wording.kind_name,
    wording.lower_first,
    wording.measure_name,
    wording.measured,
    wording.moment,
    wording.outcome_name,
    wording.phrase,
    wording.short_digest,
    wording.state_tone,
    wording.verb_tone,
    counted,
)


def canonical_json(value: Any) -> bytes:  # noqa: ANN401 - any JSON value
    """Serialise by RFC 8785: the same value gives the same bytes everywhere."""
    return rfc8785.dumps(value)


def as_signed(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document as it reads back from what is signed; everything is rendered from this.

    Canonical JSON knows one kind of number, so 1.0 comes back as 1: rendered before the round trip
    it would read differently from what a verifier renders after it.
    """
    read: dict[str, Any] = json.loads(canonical_json(document))
    return read


def report_html(document: Mapping[str, Any]) -> str:
    """Render the report as a file for people; the template sees the document and nothing else.

    Raises:
        ValueError: The document is of another shape than a report.
    """
    return _render(FILE, document)


def report_article(document: Mapping[str, Any]) -> Markup:
    """Render the report as part of a page of the site, word for word as in the file.

    Raises:
        ValueError: The document is of another shape than a report.
    """
    # Every value was escaped by the template.
    return Markup(_render(ARTICLE, document))  # noqa: S704 - see above


def lineage_picture(affected: Sequence[Mapping[str, Any]]) -> Markup:
    """Draw the lineage of the affected artifacts; nothing where there is nothing to draw."""
    figure = lineage_figure(affected)
    if figure is None:
        return Markup("")
    # The SVG is built from escaped names and numbers only.
    return PICTURE.format(figure.alt, Markup(figure.svg), figure.caption)  # noqa: S704 - see above


def _render(template: str, document: Mapping[str, Any]) -> str:
    try:
        return ENVIRONMENT.get_template(template).render(document=document)
    except TemplateError as error:
        raise ValueError(f"the document cannot be rendered: {error}") from error


def _environment() -> Environment:
    """Templates that escape every value and fail on a name that the document does not have."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update({said.__name__: said for said in FILTERS})
    environment.globals["lineage_picture"] = lineage_picture
    return environment


ENVIRONMENT = _environment()
