"""Pictures of every page, narrow and wide, light and dark, into ``.vestige/screenshots``.

No test of the suite: `make screenshots` runs it with the fixtures of the page tests.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

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

FOLDER = Path(".vestige/screenshots")
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


@pytest.fixture
def page(browser: Browser, live_server: LiveServer) -> Page:
    return browser.new_context(base_url=live_server.url, reduced_motion="reduce").new_page()


def test_pictures_of_an_empty_house(page: Page) -> None:
    sign_in_at(page, OfficerFactory.create())
    take(page, EMPTY)


def test_pictures_of_a_furnished_house(page: Page) -> None:
    house = furnished()
    public, signed_in = parted(house)
    take(page, public)
    sign_in_at(page, house.officer)
    take(page, signed_in)


def test_pictures_of_what_is_refused(page: Page) -> None:
    for name in refusals(page):
        picture(page, name, WIDTHS)


def take(page: Page, tour: Iterable[Stop]) -> None:
    for stop in tour:
        page.goto(stop.path)
        picture(page, stop.name, stop.widths)


def picture(page: Page, name: str, widths: tuple[int, ...]) -> None:
    """Take the open page in every appearance."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            page.screenshot(path=FOLDER / f"{name}-{width}-{scheme}.png", full_page=True)
