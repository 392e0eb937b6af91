"""Does a page fit its window, and how does it look: light and dark, narrow and wide.

A click does not wait for the page that it leads to. Before anything here is asked of that page,
wait for what only that page has: its heading, a text, its address.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Frame, Locator, Page

WIDTHS = (1280, 390)


def too_wide(page: Page | Frame) -> int:
    """Pixels by which the page is wider than its window; 0 where it fits.

    Waits for a page that is on its way: until its first tag is read, it has no root to ask. Not for
    its fonts: a page has to fit without them too (tests/browser/test_before_the_fonts.py).
    """
    page.wait_for_load_state()
    wider: int = page.locator("html").evaluate("it => it.scrollWidth - innerWidth")
    return max(wider, 0)


def picture(shown: Page | Locator, name: str) -> None:
    """Left in the folder that PICTURES names, for whoever looks at it; else nothing is done. Its
    own name follows that of the test's module.
    """
    if folder := os.environ.get("PICTURES"):
        module = Path(os.environ["PYTEST_CURRENT_TEST"].partition("::")[0]).stem
        path = Path(folder) / f"{module.removeprefix('test_')}-{name}.png"
        if isinstance(shown, Page):
            shown.screenshot(path=path, full_page=True)
        else:
            shown.screenshot(path=path)


def paint(page: Page, scheme: str) -> None:
    """Shows the page in a scheme, `light` or `dark`: its media's, and that of the admin's switch.
    From then on nothing moves, so that no colour is seen on its way to another.
    """
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    if "/admin/" in page.url:
        page.wait_for_load_state()
        page.locator("html").evaluate(
            "(it, dark) => it.classList.toggle('dark', dark)", scheme == "dark"
        )


def ways(page: Page) -> Iterator[str]:
    """Shows the page in both schemes and at each width, one after the other: "1280-dark"."""
    size = page.viewport_size
    for scheme in ("dark", "light"):
        paint(page, scheme)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            yield f"{width}-{scheme}"
    if size:
        page.set_viewport_size(size)


def look(page: Page, name: str) -> None:
    """Nothing is wider than the window, whichever way the page is shown; pictures of each."""
    for way in ways(page):
        picture(page, f"{name}-{way}")
        wider = too_wide(page)
        assert wider == 0, (name, way, f"{wider} px, with a window of {page.viewport_size}")
