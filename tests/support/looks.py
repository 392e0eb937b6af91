"""Does a page fit its window, and how does it look: light and dark, narrow and wide."""

import os
from pathlib import Path

from playwright.sync_api import Locator, Page

WIDTHS = (1280, 390)


def too_wide(page: Page) -> int:
    """Pixels by which the page is wider than its window; 0 where it fits.

    Waits for a page that is on its way: until its first tag is read, it has no root to ask.
    """
    page.wait_for_load_state()
    wider: int = page.locator("html").evaluate("it => it.scrollWidth - innerWidth")
    return max(wider, 0)


def picture(shown: Page | Locator, name: str) -> None:
    """Left in the folder that PICTURES names, for whoever looks at it; else nothing is done."""
    if folder := os.environ.get("PICTURES"):
        path = Path(folder) / f"{name}.png"
        if isinstance(shown, Page):
            shown.screenshot(path=path, full_page=True)
        else:
            shown.screenshot(path=path)


def paint(page: Page, scheme: str) -> None:
    """Shows the page in a scheme, `light` or `dark`: its media's, and that of the admin's switch."""
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    if "/admin/" in page.url:
        page.locator("html").evaluate(
            "(it, dark) => it.classList.toggle('dark', dark)", scheme == "dark"
        )


def look(page: Page, name: str) -> None:
    """Nothing is wider than the window at any width, in both schemes; pictures of each."""
    size = page.viewport_size
    page.wait_for_load_state()
    for scheme in ("dark", "light"):
        paint(page, scheme)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            picture(page, f"{name}-{width}-{scheme}")
            assert too_wide(page) == 0, (name, width, scheme)
    if size:
        page.set_viewport_size(size)
