"""A page that fails its test when the console complains."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.test import Client
from playwright.sync_api import Browser, Page

from tests.chromium import PATIENCE
from tests.stack import Stack


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of its own, 390 px wide; anything the console complains of fails the test."""
    context = browser.new_context(viewport={"width": 390, "height": 844})
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    complaints: list[str] = []
    page.on(
        "console",
        lambda m: complaints.append(f"{m.text} {m.location}") if m.type == "error" else None,
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
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
