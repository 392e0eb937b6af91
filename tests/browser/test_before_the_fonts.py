"""A page of the admin is as wide as its window even if its fonts come late or never."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_narrow_admin import PAGES, rows
from tests.support.looks import WIDTHS
from tests.support.pressing import asked, hold
from tests.support.stack import Stack

__all__ = ["rows"]

# Measured without waiting for the page to load, since that waits for the fonts.
WIDER = "document.documentElement.scrollWidth - innerWidth"
# Icons that are wider than the font makes them.
ICONS = """
    [...document.querySelectorAll('.material-symbols-outlined')].filter(it => it.offsetParent)
        .filter(it => it.offsetWidth > Math.max(parseInt(getComputedStyle(it).fontSize), 18))
        .map(it => it.textContent)
"""


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_wider_than_the_window(
    stack: Stack, admin: Page, rows: dict[str, int], width: int
) -> None:
    admin.set_viewport_size({"width": width, "height": 900})
    held = hold(admin, "**/*.woff2")
    for name, path in {"the overview": "", **PAGES}.items():
        held.clear()
        admin.goto(f"{stack.url}/admin/{path.format(**rows)}", wait_until="domcontentloaded")
        expect(admin.locator("#header-inner h1 > :last-child")).to_be_visible()
        assert admin.evaluate(WIDER) <= 0, name
        assert admin.evaluate(ICONS) == [], name
        asked(admin, held)
    admin.unroute("**/*.woff2")
