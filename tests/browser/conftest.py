"""A page that fails its test when the console complains."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.test import Client
from playwright.sync_api import Browser, ConsoleMessage, Error, Page

from tests.support.chromium import PATIENCE
from tests.support.stack import Stack


@pytest.fixture(scope="module")
def tab(browser: Browser) -> Iterator[Page]:
    """The page of a module's tests: to open one takes as long as most of what they do with it."""
    context = browser.new_context()
    context.set_default_timeout(PATIENCE)
    yield context.new_page()
    context.close()


@pytest.fixture
def page(tab: Page) -> Iterator[Page]:
    """An empty page, 390 px wide, that remembers nothing; any complaint on the console fails."""
    complaints: list[str] = []

    def note_message(message: ConsoleMessage) -> None:
        if message.type == "error":
            complaints.append(f"{message.text} {message.location}")

    def note_error(error: Error) -> None:
        complaints.append(str(error))

    tab.set_viewport_size({"width": 390, "height": 844})
    tab.on("console", note_message)
    tab.on("pageerror", note_error)
    yield tab
    if tab.url.startswith("http"):
        tab.evaluate("localStorage.clear(); sessionStorage.clear()")
    tab.goto("about:blank")
    tab.context.clear_cookies()
    tab.remove_listener("console", note_message)
    tab.remove_listener("pageerror", note_error)
    assert complaints == [], "\n".join(complaints)


@pytest.fixture
def admin(stack: Stack, page: Page) -> Page:
    """The page of a superuser, 1280 px wide. That people can log in, test_form_to_admin shows."""
    client = Client()
    client.force_login(get_user_model().objects.create_superuser("admin"))
    name = settings.SESSION_COOKIE_NAME
    page.context.add_cookies(
        [{"name": name, "value": client.cookies[name].value, "url": stack.url}]
    )
    page.set_viewport_size({"width": 1280, "height": 900})
    return page
