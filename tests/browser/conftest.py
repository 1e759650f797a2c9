"""A real browser at a real server: `reader(jon)` is a page in which Jon is logged in."""

import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from urllib.parse import urlparse

import pytest
from django.conf import settings as django_settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright
from pytest_django.live_server_helper import LiveServer

from organizations.models import Organization, User
from tests.browser import chromium
from tests.browser.small_png import small
from tests.docs.pages import links, pages
from tests.payouts.making import People

PICTURES = Path(__file__).resolve().parent.parent.parent / "docs" / "screenshots"
Reader = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # For one module: while it is open no other test of the process could run a loop of its own.
    # Playwright keeps an event loop in this thread; Django then refuses the ORM unless told that
    # it is the test's own thread which waits for both.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    binary = chromium.program(Path(django_settings.DATA_DIR) / "chromium")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(
            executable_path=str(binary),
            args=chromium.ARGUMENTS,
            env={**os.environ, **chromium.environment(binary)},
        )
        yield found
        found.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def sandboxed(acme: Organization, mara: User, jon: User, otto: User, ada: User) -> People:
    return People.of(acme, "sandbox", mara, jon, otto, ada)


@pytest.fixture
def open_page(browser: Browser, live_server: LiveServer) -> Iterator[Reader]:
    """`open_page(width=1280, scheme="light", javascript=True)`: a page of a fresh browser.

    At the end it fails the test if a page asked another host for anything, or said an error.
    """
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def start(*, width: int = 1280, scheme: str = "light", javascript: bool = True) -> Page:
        context = browser.new_context(
            base_url=live_server.url,
            viewport={"width": width, "height": 860 if width > 500 else 740},
            color_scheme="dark" if scheme == "dark" else "light",
            java_script_enabled=javascript,
            permissions=["clipboard-read", "clipboard-write"],
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", lambda said: _complain_of_errors(said, complaints))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda asked: _complain_of_strangers(asked.url, complaints))
        return page

    yield start
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def reader(open_page: Reader, live_server: LiveServer) -> Reader:
    """`reader(jon, environment="sandbox", **how)`: a page in which that person is logged in."""

    def sit(user: User, environment: str = "sandbox", **how: object) -> Page:
        page = open_page(**how)
        client = Client()
        client.force_login(user)
        session = client.session
        session["environment"] = environment
        session.save()
        name = django_settings.SESSION_COOKIE_NAME
        page.context.add_cookies(
            [{"name": name, "value": client.cookies[name].value, "url": live_server.url}]
        )
        return page

    return sit


def copied(page: Page, text: str) -> None:
    """Wait until the clipboard holds the text: it is written after the click has returned."""
    page.wait_for_function(
        "async text => await navigator.clipboard.readText() === text", arg=text, timeout=10_000
    )


def picture(page: Page, name: str, *, is_whole: bool = True) -> None:
    """Keep what the page looks like: SCREENSHOTS=1 what the documentation shows, =all every one.

    The latter goes to the data directory. One that is not `is_whole` shows what the window shows.
    """
    wanted = os.environ.get("SCREENSHOTS")
    if wanted == "all" or (wanted == "1" and name in _shown()):
        place = PICTURES if wanted == "1" else Path(django_settings.DATA_DIR) / "screenshots"
        file = place / f"{name}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        page.wait_for_function("document.fonts.status === 'loaded'")
        file.write_bytes(small(page.screenshot(full_page=is_whole, animations="disabled")))


@cache
def _shown() -> set[str]:
    """The screenshots that some page of the documentation shows, without their extension."""
    files = (link.partition("screenshots/")[2] for page in pages() for link in links(page))
    return {file.removesuffix(".png") for file in files if file}


def _complain_of_errors(said: ConsoleMessage, complaints: list[str]) -> None:
    if said.type == "error":
        complaints.append(said.text)


def _complain_of_strangers(url: str, complaints: list[str]) -> None:
    parts = urlparse(url)
    if parts.scheme in ("http", "https") and parts.hostname not in ("localhost", "127.0.0.1"):
        complaints.append(f"asked {url}")
