"""Presses a button while the page updates."""

from collections.abc import Callable

from playwright.sync_api import Locator, Page, Route

from tests.support.simulator import eventually

# More than a page needs to show an answer, if it does not wait.
_TIME_TO_SHOW = "new Promise(done => setTimeout(done, 300))"


def press(button: Locator) -> None:
    """Presses the mouse button on it, without releasing."""
    button.scroll_into_view_if_needed()
    box = button.bounding_box()
    assert box is not None
    button.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    button.page.mouse.down()


def hold(page: Page, address: str) -> list[Route]:
    """The page's requests to this address, held until the test continues them."""
    held: list[Route] = []
    page.route(address, lambda route: held.append(route))  # noqa: PLW0108
    return held


def answer(page: Page, address: str, held: list[Route]) -> None:
    """Continues all held requests; returns when the page has had time to show the answers.

    All: the page shows the answer to its last request alone.
    """
    for route in held:  # also those that come meanwhile
        route.continue_()
        if response := route.request.response():
            response.finished()
    page.unroute(address)
    page.evaluate(_TIME_TO_SHOW)


def asked(page: Page, held: list[Route]) -> None:
    """Waits until the page has sent a request."""
    eventually(lambda: page.evaluate("1") and held)


def click_while_it_changes(button: Locator, address: str, change: Callable[[], object]) -> None:
    """Clicks so that the answer of `address` after `change` arrives between press and release."""
    page = button.page
    held = hold(page, address)
    asked(page, held)
    change()
    press(button)
    answer(page, address, held)
    page.mouse.up()
