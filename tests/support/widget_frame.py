"""The form in the dialog of the widget."""

from playwright.sync_api import FrameLocator, Page


def form(page: Page) -> FrameLocator:
    return page.frame_locator("dialog iframe")
