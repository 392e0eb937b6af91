"""The form in the dialog of the widget, and pictures of the page around it."""

import os
from pathlib import Path

from playwright.sync_api import FrameLocator, Page


def form(page: Page) -> FrameLocator:
    return page.frame_locator("dialog iframe")


def look(page: Page, name: str) -> None:
    """Pictures where they are asked for."""
    if folder := os.environ.get("PICTURES"):
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            for width in (390, 1280):
                page.set_viewport_size({"width": width, "height": 844})
                page.screenshot(path=Path(folder) / f"{name}-{width}-{scheme}.png")
        page.emulate_media(color_scheme="light")
