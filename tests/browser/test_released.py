"""When a press is over: static/common/released.js by itself, with the mouse, fingers and keys."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, CDPSession, Page

from tests.support.chromium import PATIENCE
from tests.support.stack import ROOT

PAGE = """<button>Call</button><p>Words</p><a href="/elsewhere">Away</a>"""


@pytest.fixture
def shown(browser: Browser) -> Iterator[Page]:
    """A page that takes input by mouse and by touch."""
    context = browser.new_context(has_touch=True)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.set_content(PAGE)
    page.add_script_tag(path=ROOT / "static/common/released.js")
    yield page
    context.close()


def middle(page: Page, tag: str) -> tuple[float, float]:
    box = page.locator(tag).bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def point(page: Page, tag: str) -> None:
    page.mouse.move(*middle(page, tag))


def fingers(page: Page, *events: tuple[str, ...]) -> None:
    """Sends touchStart with where the fingers are, or touchEnd with which one lifts; none: all."""
    session: CDPSession = page.context.new_cdp_session(page)
    for kind, *tags in events:
        at = [(tag, *middle(page, tag)) for tag in tags]
        points = [{"x": x, "y": y, "id": ["p", "button"].index(tag)} for tag, x, y in at]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def wait(page: Page) -> None:
    """Waits as one of our scripts does when it has something to show."""
    page.evaluate("window.isOver = false; void released().then(() => (isOver = true))")


def nothing(page: Page) -> None:
    pass


def mouse_down(page: Page) -> None:
    point(page, "button")
    page.mouse.down()


def clicked(page: Page) -> None:
    page.locator("button").click()


def key_of_a_field_goes_up(page: Page) -> None:
    """Whoever types fast presses the button before the last key is up."""
    page.keyboard.down("1")
    mouse_down(page)
    page.keyboard.up("1")


def control_goes_up(page: Page) -> None:
    page.keyboard.down("Control")
    mouse_down(page)
    page.keyboard.up("Control")


def space_down(page: Page) -> None:
    page.locator("button").focus()
    page.keyboard.down(" ")


def space_up(page: Page) -> None:
    space_down(page)
    page.keyboard.up(" ")


def enter_down(page: Page) -> None:
    """Enter clicks at once."""
    page.locator("button").focus()
    page.keyboard.down("Enter")


def right_button_down(page: Page) -> None:
    """A menu opens; there is no click."""
    point(page, "button")
    page.mouse.down(button="right")


def link_is_dragged(page: Page) -> None:
    point(page, "a")
    page.mouse.down()
    page.mouse.move(300, 300)
    page.mouse.move(310, 310)


def words_are_marked(page: Page) -> None:
    point(page, "p")
    page.mouse.down()
    page.mouse.move(200, 200)


def let_go_outside(page: Page) -> None:
    mouse_down(page)
    page.mouse.move(-50, -50)
    page.mouse.up()


def tapped(page: Page) -> None:
    page.locator("button").tap()


ONE_OF_TWO_GOES = (("touchStart", "p"), ("touchStart", "p", "button"), ("touchEnd", "p"))


def one_of_two_fingers_goes(page: Page) -> None:
    fingers(page, *ONE_OF_TWO_GOES)


def both_fingers_go(page: Page) -> None:
    fingers(page, *ONE_OF_TWO_GOES, ("touchEnd",))


def its_handler_keeps_it(page: Page) -> None:
    """A widget of the admin's theme that stops the events."""
    page.evaluate(
        """for (const name of ["pointerdown", "pointerup"])
            document.querySelector("button").addEventListener(name, it => it.stopPropagation())"""
    )
    mouse_down(page)


HELD = [
    mouse_down, key_of_a_field_goes_up, control_goes_up, space_down, words_are_marked,
    one_of_two_fingers_goes, its_handler_keeps_it,
]  # fmt: skip
OVER = [
    nothing, clicked, space_up, enter_down, right_button_down, link_is_dragged, let_go_outside,
    tapped, both_fingers_go,
]  # fmt: skip


@pytest.mark.parametrize("press", [*HELD, *OVER], ids=lambda it: it.__name__)
def test_the_page_waits_while_something_is_pressed(
    shown: Page, press: Callable[[Page], None]
) -> None:
    press(shown)
    wait(shown)
    if press in OVER:
        shown.wait_for_function("isOver")
    else:
        shown.evaluate("new Promise(done => setTimeout(done, 300))")  # longer than a click needs
        assert not shown.evaluate("isOver")


def test_who_presses_again_while_it_waits_is_waited_for_too(shown: Page) -> None:
    mouse_down(shown)
    wait(shown)
    shown.mouse.up()
    shown.mouse.down()
    shown.evaluate("new Promise(done => setTimeout(done, 300))")
    assert not shown.evaluate("isOver")
    shown.mouse.up()
    shown.wait_for_function("isOver")


def test_a_press_of_which_no_end_is_told_holds_the_page_for_ten_seconds(shown: Page) -> None:
    shown.clock.install(time=0)
    shown.clock.pause_at(3600)  # otherwise the clock goes on by itself
    mouse_down(shown)
    wait(shown)
    shown.clock.run_for(9_900)
    assert not shown.evaluate("isOver")
    shown.clock.run_for(300)
    assert shown.evaluate("isOver")
