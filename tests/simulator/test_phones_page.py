"""The phones page in the system's Chromium."""

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.looks import picture, too_wide
from tests.support.simulator import SimulatorProcess, eventually

LEAD = "0505550101"


@pytest.fixture
def page(browser: Browser, sim: SimulatorProcess) -> Iterator[Page]:
    page = browser.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(sim.url)
    yield page
    page.close()
    # This includes anything that the content security policy blocks.
    assert complaints == []


def test_phones_ring_and_are_answered_by_clicks(sim: SimulatorProcess, page: Page) -> None:
    expect(page.get_by_text("No phone has rung yet")).to_be_visible()
    sim.control(mode="manual")
    sim.call(phone="101", target=LEAD)
    expect(page.get_by_text("No phone has rung yet")).to_be_hidden()
    expect(page.locator("#news")).to_have_text("The salesperson's phone 101 rings.")
    page.get_by_role("button", name="Answer: 101").click()
    expect(page.locator("#news")).to_have_text(f"The lead's phone {LEAD} rings.")
    page.get_by_role("button", name=f"Answer: {LEAD}").click()
    expect(page.locator("#news")).to_have_text(f"101 talks with {LEAD}.")
    page.get_by_role("button", name="Hang up: 101").click()
    expect(page.get_by_role("button", name="Hang up: 101")).to_have_count(0)
    expect(page.locator(".lane")).to_contain_text("free")
    expect(page.locator("#recent li")).to_contain_text(re.compile(r"talked \d:\d\d"))
    (call,) = sim.ended()
    assert (call["leg1"]["status"], call["leg2"]["status"]) == ("ANSWER", "ANSWER")


def test_a_phone_is_rejected_by_a_click(sim: SimulatorProcess, page: Page) -> None:
    sim.control(mode="manual")
    sim.call(phone="101", target=LEAD)
    page.get_by_role("button", name="Reject: 101").click()
    expect(page.locator("#recent li")).to_contain_text("salesperson was busy")
    (call,) = sim.ended()
    assert call["leg1"]["status"] == "BUSY"


def test_the_switch_says_and_sets_who_answers(sim: SimulatorProcess, page: Page) -> None:
    switch = page.get_by_role("switch", name="Phones answer by themselves")
    expect(switch).to_be_checked()
    switch.click()
    expect(switch).not_to_be_checked()
    assert sim.status()["mode"] == "manual"
    switch.press("Space")
    expect(switch).to_be_checked()
    assert sim.status()["mode"] == "auto"


def test_phones_are_in_order_and_say_who_cannot_be_rung(sim: SimulatorProcess, page: Page) -> None:
    sim.control(extensions={"104": "offline", "21": "blocked"}, mode="manual")
    sim.call(phone="102", target=LEAD)
    numbers = page.locator(".lane .phone:first-child .number")
    expect(numbers).to_have_text(["21", "102", "104"])
    expect(page.locator(".lane").nth(0)).to_contain_text("blocked")
    expect(page.locator(".lane").nth(2)).to_contain_text("offline")


def test_the_accounts_extensions_are_there_before_any_call(
    sim: SimulatorProcess, page: Page
) -> None:
    sim.control(extensions={"101": "online", "102": "online"})
    expect(page.locator(".lane")).to_have_count(2)
    expect(page.locator(".lane").nth(0)).to_contain_text("free")
    expect(page.get_by_text("No phone has rung yet")).to_be_hidden()


def test_it_shows_a_salesperson_who_is_still_on_the_line(sim: SimulatorProcess, page: Page) -> None:
    sim.control(linger=3600, answers={LEAD: "voicemail"})
    sim.call(phone="101", target=LEAD)
    expect(page.locator(".lane")).to_contain_text("hung up")
    expect(page.locator(".lane")).to_contain_text("still on the line")
    expect(page.get_by_role("button", name=f"Hang up: {LEAD}")).to_have_count(0)
    page.get_by_role("button", name="Hang up: 101").click()
    expect(page.locator("#recent li")).to_contain_text("lead had a voicemail answer")


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits(sim: SimulatorProcess, browser: Browser, width: int, scheme: str) -> None:
    sim.control(mode="manual", answers={"101": "answer"})
    sim.call(phone="101", target="972505550101")
    sim.call(phone="SIP-with-a-very-long-name-that-goes-on.x", target="972505550102")
    context = browser.new_context(
        viewport={"width": width, "height": 800},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page = context.new_page()
    page.goto(sim.url)
    expect(page.get_by_role("button", name="Answer: 972505550101")).to_be_visible()
    assert too_wide(page) == 0
    picture(page, f"phones-{width}-{scheme}")
    for button in page.get_by_role("button").all():
        box = button.bounding_box()
        assert box is not None
        assert box["height"] >= 44
    context.close()


def test_it_shows_the_busy_ones_first_when_there_are_too_many(sim: SimulatorProcess) -> None:
    sim.control(mode="manual", extensions={str(n): "online" for n in range(1000, 1100)})
    sim.call(phone="1099", target=LEAD)
    picture = json.loads(sim.http.get(f"{sim.url}/phones").text)
    assert len(picture["phones"]) == 60
    assert picture["hidden"] == 40
    assert picture["phones"][-1]["number"] == "1099"
    assert picture["phones"][-1]["call"]["leg1"]["status"] == "RINGING"


def test_it_allows_no_script_and_no_frame_from_elsewhere(sim: SimulatorProcess) -> None:
    answer = sim.http.get(sim.url)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_open_pages_are_limited(sim: SimulatorProcess) -> None:
    # Earlier tests' pages are closed, but the simulator may not have noticed yet.
    eventually(lambda: _statuses(sim, 21) == [200] * 20 + [503])
    # Pages that were closed make room again.
    eventually(lambda: _statuses(sim, 1) == [200])


def _statuses(sim: SimulatorProcess, pages: int) -> list[int]:
    """The statuses of this many pages that are open at the same time."""
    with ExitStack() as stack:
        streams = [sim.http.stream("GET", f"{sim.url}/phones/events") for _ in range(pages)]
        return [stack.enter_context(stream).status_code for stream in streams]
