"""The form in the widget's dialog."""

from playwright.sync_api import FrameLocator, Page


def form(page: Page) -> FrameLocator:
    return page.frame_locator("dialog iframe")
