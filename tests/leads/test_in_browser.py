"""The pages in Chromium: what JavaScript adds, the keyboard, and both widths."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from callbacks.models import Extension, OpeningHours, Schedule, Team
from leads.models import Lead, LeadSource
from tests.support.chromium import PATIENCE
from tests.support.looks import too_wide
from tests.support.pressing import click_while_it_changes

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("team")]


@pytest.fixture
def page(browser: Browser, gunicorn: str, source: LeadSource) -> Iterator[Page]:
    """A page in a separate context; any error or blocked inline code fails the test."""
    context = browser.new_context(base_url=gunicorn)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on(
        "console",
        lambda line: wrong.append(line.text) if "Content Security" in line.text else None,
    )
    yield page
    context.close()
    assert not wrong


def fill(page: Page, phone: str = "050-555 0101") -> None:
    page.goto("/")
    page.get_by_label("Name").fill("Noa Levi")
    page.get_by_label("Phone").fill(phone)


def move(status: str, **values: object) -> None:
    is_open = status in {"held", "waiting", "calling"}
    Lead.objects.update(status=status, closed_at=None if is_open else timezone.now(), **values)


def test_people_do_not_meet_the_field_for_robots(page: Page) -> None:
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        fill(page)
        box = page.locator("[name=reference]").bounding_box()
        assert box is not None
        assert box["x"] + box["width"] < 0 or box["y"] + box["height"] < 0
        assert too_wide(page) == 0
    page.get_by_label("Message").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Call me back")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("We have your request")
    assert Lead.objects.get().status == "waiting"


def test_the_page_follows_the_lead_without_being_reloaded(page: Page) -> None:
    fill(page)
    page.get_by_role("button", name="Call me back").click()
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text("We have your request")
    page.evaluate("window.sameDocument = true")

    move("calling")
    expect(heading).to_have_text("We are getting someone on the line for you")
    expect(page).to_have_title("We are getting someone on the line for you")
    move("connected", connected_at=timezone.now())
    expect(heading).to_have_text("We reached you")

    assert page.evaluate("window.sameDocument")
    page.get_by_label("4", exact=True).check()
    page.get_by_label("In your own words").fill("Quick and kind")
    page.get_by_role("button", name="Send your answer").click()
    expect(page.get_by_text("You answered 4 out of 5. Thank you.")).to_be_visible()
    assert Lead.objects.get().helped == 4


def test_a_link_that_is_pressed_stays_where_it_is_until_it_is_let_go(page: Page) -> None:
    fill(page)
    page.get_by_role("button", name="Call me back").click()
    link = page.get_by_role("link", name="Cancel this request")
    link.scroll_into_view_if_needed()

    def change() -> None:
        """A longer sentence appears above the link, and several links disappear."""
        move("waiting", call_after=timezone.now() + timedelta(days=2))

    click_while_it_changes(link, "**/api/leads/**", change)
    expect(page.get_by_role("button", name="Yes, cancel it")).to_be_visible()


def test_it_stops_asking_when_nothing_more_is_due(page: Page) -> None:
    page.clock.install()
    fill(page)
    page.get_by_role("button", name="Call me back").click()
    page.wait_for_url("**/contact/website/*-*/")
    move("unreached")
    expect(page.get_by_role("heading", level=1)).to_have_text("We could not reach you")
    expect(page.get_by_role("link", name="Ask for another call")).to_be_visible()

    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.run_for(60_000)
    assert asked == []


def test_it_survives_a_lost_connection(page: Page) -> None:
    fill(page)
    page.get_by_role("button", name="Call me back").click()
    page.wait_for_url("**/contact/website/*-*/")

    page.context.set_offline(True)
    expect(page.get_by_text("Reconnecting…")).to_be_visible()
    move("calling")
    page.context.set_offline(False)

    expect(page.get_by_role("heading", level=1)).to_have_text(
        "We are getting someone on the line for you"
    )
    expect(page.get_by_text("Reconnecting…")).not_to_be_visible()


def test_where_its_answers_are_blocked_it_says_what_is_known_and_offers_to_reload(
    page: Page,
) -> None:
    page.clock.install()
    fill(page)
    page.get_by_role("button", name="Call me back").click()
    page.wait_for_url("**/contact/website/*-*/")
    page.route("**/api/leads/**", lambda route: route.abort())
    lost = page.get_by_text("Reconnecting…")
    page.clock.run_for(3_000)
    expect(lost).to_be_visible()
    reload = page.get_by_role("button", name="Reload this page")
    expect(reload).not_to_be_visible()
    for _ in range(8):
        page.clock.run_for(15_000)
        page.wait_for_function("() => true")
    expect(page.get_by_text("This page has not been updated since")).to_be_visible()
    expect(page.get_by_text("[time]")).not_to_be_visible()
    expect(lost).not_to_be_visible()
    reload.click()
    expect(page.get_by_text("This page has not been updated since")).not_to_be_visible()
    expect(page.get_by_role("heading", name="We have your request")).to_be_visible()


def test_where_the_server_knows_it_no_more_it_is_reloaded_once(page: Page) -> None:
    """The page itself may still exist, and would otherwise be reloaded forever."""
    loaded = []
    page.on("load", lambda it: loaded.append(it.url))
    page.route(
        "**/api/leads/**", lambda route: route.fulfill(status=404, json={"errors": {"id": ["No."]}})
    )
    fill(page)
    page.get_by_role("button", name="Call me back").click()
    page.wait_for_url("**/contact/website/*-*/")
    expect(page.get_by_text("Reconnecting…")).to_be_visible()
    page.wait_for_load_state()
    assert loaded[1:] == [page.url] * 2
    page.unroute("**/api/leads/**")
    expect(page.get_by_text("Reconnecting…")).not_to_be_visible()
    assert loaded[1:] == [page.url] * 2


def test_a_double_click_is_one_lead(page: Page) -> None:
    fill(page)
    page.get_by_role("button", name="Call me back").dblclick()
    page.wait_for_url("**/contact/website/*-*/")
    assert Lead.objects.count() == 1


def test_a_reload_and_the_back_button_make_no_second_lead(page: Page) -> None:
    fill(page)
    button = page.get_by_role("button", name="Call me back")
    button.click()
    page.wait_for_url("**/contact/website/*-*/")
    page.reload()
    page.go_back()

    expect(button).to_be_enabled()
    page.get_by_label("Name").fill("Noa Levi")
    page.get_by_label("Phone").fill("0505550101")
    button.click()
    page.wait_for_url("**/contact/website/*-*/")
    assert Lead.objects.count() == 1


def test_after_an_error_the_keyboard_starts_at_the_field_that_is_wrong(page: Page) -> None:
    fill(page, "100")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert", name="Please check one thing")).to_be_visible()
    phone = page.get_by_label("Phone")
    expect(phone).to_be_focused()
    expect(phone).to_have_value("100")
    expect(phone).to_have_accessible_description(
        "Enter a phone number that we can call, for example 050-234-5678."
    )

    phone.fill("0505550101")
    page.keyboard.press("Enter")
    page.wait_for_url("**/contact/website/*-*/")


def test_the_tab_key_goes_through_the_form_in_order(page: Page) -> None:
    page.goto("/contact/website/")
    visited = []
    for _ in range(7):
        page.keyboard.press("Tab")
        visited.append(page.evaluate("document.activeElement.name || document.activeElement.type"))
    # Nobody can take calls: the sentence that says so has a link to the times.
    assert visited == ["", "name", "phone", "email", "call_at", "message", "submit"]


def test_it_works_without_javascript(browser: Browser, gunicorn: str, source: LeadSource) -> None:
    context = browser.new_context(base_url=gunicorn, java_script_enabled=False)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    fill(page, "100")
    page.get_by_role("button", name="Call me back").click()
    page.wait_for_selector(".summary")
    page.get_by_label("Phone").fill("0505550101")
    page.get_by_role("button", name="Call me back").click()
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text("We have your request")

    move("calling")
    expect(heading).to_have_text("We are getting someone on the line for you")
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_nothing_is_cut_off_and_every_text_can_be_read(
    width: int, scheme: str, browser: Browser, gunicorn: str, make_lead: Callable[..., Lead]
) -> None:
    context = browser.new_context(
        base_url=gunicorn,
        color_scheme=scheme,  # type: ignore[arg-type]
        viewport={"width": width, "height": 800},
    )
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto("/contact/website/")
    page.get_by_label("Email").fill("nobody@")
    page.get_by_role("button", name="Call me back").click()
    page.wait_for_selector(".summary")
    assert_readable(page)
    for status in ["waiting", "calling", "unreached"]:
        lead = make_lead(status=status, closed_at=timezone.now() if status == "unreached" else None)
        page.goto(f"/contact/website/{lead.public_id}/")
        assert_readable(page)
    page.goto("/contact/nobody/")
    assert_readable(page)
    context.close()


def assert_readable(page: Page) -> None:
    """No sideways scrolling, and a contrast of 4.5 for every text (WCAG 2.2, 1.4.3 and 1.4.10)."""
    assert too_wide(page) == 0
    assert page.evaluate(TOO_FAINT) == []


TOO_FAINT = """() => {
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const part = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = numbers(getComputedStyle(at).backgroundColor);
      if (colour[3] !== 0) return colour;
    }
    return [255, 255, 255];
  };
  const faint = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !element.checkVisibility()) continue;
    const [a, b] = [light(numbers(getComputedStyle(element).color)), light(ground(element))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < 4.5) faint.push(`${texts.currentNode.data.trim()}: ${contrast.toFixed(2)}`);
  }
  return faint;
}"""


def asks(page: Page, minutes: int) -> int:
    """How many requests the page sends in so many minutes."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.run_for(minutes * 60_000)
    return len(asked)


def test_it_asks_less_and_less_often_and_ends(page: Page) -> None:
    page.clock.install()
    fill(page)
    page.get_by_role("button", name="Call me back").click()
    page.wait_for_url("**/contact/website/*-*/")
    page.route("**/api/leads/**", lambda route: route.fulfill(json=STANDING))

    page.clock.run_for(16 * 60_000)
    assert asks(page, 1) <= 5
    page.clock.run_for(50 * 60_000)
    assert asks(page, 600) == 0
    expect(page.get_by_text("This page has stopped updating.")).to_be_visible()


STANDING = {"status": "waiting", "title": "T", "message": "M", "call_after": None, "final": False}


def test_a_call_in_two_weeks_is_asked_for_seldom(page: Page) -> None:
    page.clock.install()
    fill(page)
    page.get_by_role("button", name="Call me back").click()
    page.wait_for_url("**/contact/website/*-*/")
    later = (timezone.now() + timedelta(days=13)).isoformat()
    planned = {**STANDING, "status": "scheduled", "call_after": later, "ask_after": 1800}
    page.route("**/api/leads/**", lambda route: route.fulfill(json=planned))
    page.clock.run_for(20_000)
    expect(page.get_by_role("heading", level=1)).to_have_text("T")
    assert asks(page, 25) == 0


@pytest.mark.parametrize("tells", [True, False], ids=["tells of it", "does not tell of it"])
def test_stop_on_a_slow_line_gives_the_button_back(tells: bool, page: Page) -> None:
    if not tells:
        page.add_init_script("delete window.navigation")
    fill(page)
    page.route("**/contact/website/?sent=*", lambda _route: None)  # no answer comes
    # In the page, since Playwright itself would wait for the answer.
    page.evaluate("""() => {
      const button = document.querySelector("button[type=submit]");
      button.click();
      setTimeout(() => {
        window.seen = button.disabled && button.textContent;
        window.stop();
      }, 300);
    }""")
    button = page.locator("button[type=submit]")
    expect(button).to_be_enabled()
    expect(button).to_have_text("Call me back")
    assert page.evaluate("window.seen") == "Sending…"


def test_where_its_script_is_blocked_the_page_loads_itself_again(page: Page) -> None:
    page.route("**/status*.js", lambda route: route.abort())
    fill(page)
    page.get_by_role("button", name="Call me back").click()
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text("We have your request")
    move("connected", connected_at=timezone.now())
    expect(heading).to_have_text("We reached you")


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("how", ["free", "paused", "closed", "late", "no team"])
def test_every_page_fits_its_window(
    how: str, width: int, page: Page, source: LeadSource, team: Team
) -> None:
    """The texts before and after sending fit, and nothing is cut off at the side."""
    Extension.objects.create(number="101", team=team, is_paused=how == "paused")
    if how == "closed":
        Team.objects.update(schedule=Schedule.objects.create(name="Never"))
        opens = timezone.now() + timedelta(days=2)
        OpeningHours.objects.create(
            schedule=Schedule.objects.get(), weekday=opens.weekday(), opens_at="09:00",
            closes_at="17:00",
        )  # fmt: skip
    if how == "no team":
        team.sources.clear()
    page.set_viewport_size({"width": width, "height": 800})
    fill(page)
    notice = page.locator(".notice-line")
    expect(notice).to_have_count(0 if how in ("free", "late") else 1)
    assert too_wide(page) == 0
    page.get_by_role("button", name="Call me back").click()
    page.wait_for_url("**/contact/website/*-*/")
    if how == "late":
        Lead.objects.update(call_after=timezone.now() - timedelta(minutes=5))
        choose = page.get_by_role("link", name="Choose another time")
        expect(choose).to_be_visible()
        assert too_wide(page) == 0
        choose.click()
        expect(page.get_by_label("When should we call?")).to_be_visible()
    assert too_wide(page) == 0
