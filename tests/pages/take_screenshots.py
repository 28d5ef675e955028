"""Pictures of every page, narrow and wide, light and dark, into ``.vestige/screenshots``.

No test of the suite: `make screenshots` runs it with the fixtures of the page tests.
"""

from collections.abc import Iterable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from tests.factories import OfficerFactory
from tests.pages.conftest import sign_in_at
from tests.pages.examples import furnished
from tests.pages.tour import EMPTY, WIDTHS, Stop, parted

pytestmark = pytest.mark.django_db(transaction=True)

FOLDER = Path(".vestige/screenshots")


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


def take(page: Page, tour: Iterable[Stop]) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for stop in tour:
        page.goto(stop.path)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                name = f"{stop.name}-{width}-{scheme}.png"
                page.screenshot(path=FOLDER / name, full_page=True)
