"""Checks that a page fits its window, and takes pictures: light and dark, narrow and wide.

A click does not wait for the page that it leads to. Before using these functions on that page, wait
for something that only it has: its heading, a text, its address.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Frame, Locator, Page

WIDTHS = (1280, 390)


def too_wide(page: Page | Frame) -> int:
    """Pixels by which the page is wider than its window; 0 if it fits.

    Waits for the page to load: until its first tag is read, it has no root to ask. Does not wait
    for its fonts: a page must fit without them too (tests/browser/test_before_the_fonts.py).
    """
    page.wait_for_load_state()
    wider: int = page.locator("html").evaluate("it => it.scrollWidth - innerWidth")
    return max(wider, 0)


def picture(shown: Page | Locator, name: str) -> None:
    """Saves a picture in the folder PICTURES for people to look at; without PICTURES does nothing.
    The file's name starts with that of the test's module.
    """
    if folder := os.environ.get("PICTURES"):
        module = Path(os.environ["PYTEST_CURRENT_TEST"].partition("::")[0]).stem
        path = Path(folder) / f"{module.removeprefix('test_')}-{name}.png"
        if isinstance(shown, Page):
            shown.screenshot(path=path, full_page=True)
        else:
            shown.screenshot(path=path)


def paint(page: Page, scheme: str) -> None:
    """Shows the page in a scheme, `light` or `dark`, by the media query and the admin's switch.
    Animations are off from then on, so that no colour is seen in transition.
    """
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    if "/admin/" in page.url:
        page.wait_for_load_state()
        page.locator("html").evaluate(
            "(it, dark) => it.classList.toggle('dark', dark)", scheme == "dark"
        )


def ways(page: Page) -> Iterator[str]:
    """Shows the page in both schemes and at each width, one after the other, such as
    "1280-dark".
    """
    size = page.viewport_size
    for scheme in ("dark", "light"):
        paint(page, scheme)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            yield f"{width}-{scheme}"
    if size:
        page.set_viewport_size(size)


def look(page: Page, name: str) -> None:
    """Checks that nothing is wider than the window in any scheme and width; saves pictures of
    each.
    """
    for way in ways(page):
        picture(page, f"{name}-{way}")
        wider = too_wide(page)
        assert wider == 0, (name, way, f"{wider} px, with a window of {page.viewport_size}")
