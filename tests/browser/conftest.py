"""A page that fails its test when the console complains."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.chromium import PATIENCE


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
