"""A real Chromium for the tests of the pages."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from governance.models import User
from tests.factories import PASSWORD

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
#: Milliseconds that a page may take before a test gives up on it.
PATIENCE = 10_000


@dataclass
class Visit:
    """A browser tab and everything that it complained about."""

    page: Page
    address: str
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        self.page.goto(self.address + path)

    def overflow(self) -> int:
        """By how many pixels the page is wider than its window."""
        script = "document.documentElement.scrollWidth - window.innerWidth"
        return int(self.page.evaluate(script))


def sign_in_at(page: Page, officer: User) -> None:
    """Sign in through the form; the page then shows the queue."""
    page.goto("/login")
    page.get_by_label("User name").fill(officer.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/requests/")


def chromium_path() -> str:
    """The Chromium to test with; without one the run stops, it never passes for want of it."""
    named = os.environ.get("VESTIGE_CHROMIUM", "")
    found = named or next((path for name in CHROMIUM_NAMES if (path := shutil.which(name))), "")
    if not found:
        pytest.fail(
            "No Chromium was found. Run `apt-get install chromium`, or set VESTIGE_CHROMIUM."
        )
    return found


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Settings) -> None:
    """Hash passwords quickly: these tests are about pages, not about guessing."""
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.MD5PasswordHasher",
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    ]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # Playwright keeps an event loop in this thread for as long as it runs; rows that tests write
    # in between are their own, and Django need not guard against that loop.
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        running = playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_FLAGS)
        yield running
        running.close()


@pytest.fixture
def visit(browser: Browser, live_server: LiveServer) -> Iterator[Visit]:
    context = browser.new_context(
        base_url=live_server.url,
        viewport={"width": 1280, "height": 800},
        reduced_motion="reduce",
    )
    context.set_default_timeout(PATIENCE)
    tab = Visit(page=context.new_page(), address=live_server.url)
    tab.page.on("console", lambda said: _note(tab, said.type, said.text))
    tab.page.on("pageerror", lambda error: tab.complaints.append(str(error)))
    yield tab
    context.close()


def _note(tab: Visit, kind: str, text: str) -> None:
    if kind in {"error", "warning"}:
        tab.complaints.append(text)
