"""The gate: axe finds nothing on any page, light and dark, narrow and wide, empty, full or wrong.

The engine is Deque's axe-core (MPL-2.0), as the development package axe-playwright-python ships it.
"""

from collections.abc import Iterable, Iterator
from importlib.resources import files
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from tests.factories import OfficerFactory
from tests.pages.conftest import sign_in_at
from tests.pages.examples import furnished
from tests.pages.tour import EMPTY, WIDTHS, Stop, parted, refusals

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.urls("tests.pages.faulty_urls"),
]

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]
#: The colour scheme changes colours only, so in the dark only their rules are asked again.
DARK_RULES = ["color-contrast", "link-in-text-block"]
RUN = """runOnly => axe.run(document, {runOnly, resultTypes: ["violations"]}).then(
    found => found.violations.map(rule => [rule.id, rule.help, rule.nodes.map(node => node.html)]))
"""


@pytest.fixture
def page(browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    context = browser.new_context(base_url=live_server.url, reduced_motion="reduce")
    tab = context.new_page()
    yield tab
    context.close()


def test_axe_finds_nothing_in_an_empty_house(page: Page) -> None:
    sign_in_at(page, OfficerFactory.create())
    assert violations(page, EMPTY) == {}


def test_axe_finds_nothing_in_a_furnished_house(page: Page) -> None:
    house = furnished()
    public, signed_in = parted(house)
    found = violations(page, public)
    sign_in_at(page, house.officer)
    found |= violations(page, signed_in)
    assert found == {}


def test_axe_finds_nothing_where_something_is_refused(page: Page) -> None:
    assert {name: examined(page) for name in refusals(page)} == {
        "login-refused": [],
        "confirm-refused": [],
        "new-refused": [],
        "forbidden": [],
    }


def violations(page: Page, tour: Iterable[Stop]) -> dict[str, list[Any]]:
    """What axe says of each page where it says anything."""
    found = {}
    for stop in tour:
        page.goto(stop.path)
        page.evaluate(OPEN_DETAILS)
        if said := examined(page, stop.widths):
            found[stop.name] = said
    return found


#: What is folded away is read by people too.
OPEN_DETAILS = "for (const box of document.querySelectorAll('details')) box.open = true"


def examined(page: Page, widths: tuple[int, ...] = WIDTHS) -> list[Any]:
    """Run axe on the open page in every appearance; gives what it says, each with where."""
    # Evaluated, not added as an element: the pages' policy would rightly refuse a script.
    page.evaluate(AXE)
    said = []
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme="light")
        said += [(width, "light", *rule) for rule in page.evaluate(RUN, TAGS)]
        page.emulate_media(color_scheme="dark")
        said += [(width, "dark", *rule) for rule in page.evaluate(RUN, DARK_RULES)]
    return said
