"""The salesperson's page on a telephone: log in, pause, and see who rings while it rings."""

from collections.abc import Callable

import pytest
import requests
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from playwright.sync_api import Browser, Page, expect

from callbacks.models import Extension
from tests.support.chromium import PATIENCE
from tests.support.looks import too_wide
from tests.support.simulator import eventually
from tests.support.stack import Stack

PASSWORD = "a-password-for-tests"
MESSAGE = "Do you deliver to Haifa?\nOn a <b>Friday</b>?"


@pytest.fixture
def submit(stack: Stack) -> Callable[[], None]:
    """A visitor sends the form."""

    def post() -> None:
        answer = requests.post(
            f"{stack.url}/api/leads/",
            json={
                "source": "website", "name": "Noa Levi", "phone": "0505550142", "message": MESSAGE,
            },
            timeout=30,
        )  # fmt: skip
        assert answer.status_code == 201

    return post


@pytest.fixture
def dana(stack: Stack) -> User:
    """The salesperson at phone 101; phone 102 is switched off."""
    stack.simulator.control(mode="manual")
    user = User.objects.create_user("dana", password=PASSWORD, first_name="Dana")
    Extension.objects.filter(number="101").update(user=user, name="Dana")
    Extension.objects.filter(number="102").update(is_active=False)
    return user


def log_in(page: Page, stack: Stack) -> None:
    page.goto(f"{stack.url}/desk/")
    page.get_by_label("Username").fill("dana")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("button", name="Log out")).to_be_visible()


def click_phone(stack: Stack, *clicks: str) -> None:
    """Clicks on the simulator's telephones, such as "1/answer" and "2/hangup"."""
    call_id = eventually(lambda: stack.simulator.ledger()[-1:])[0]["call_id"]
    for click in clicks:
        address = f"{stack.simulator.url}/phones/{call_id}/{click}"
        eventually(lambda address=address: stack.simulator.http.post(address).is_success)


def test_while_the_phone_rings_the_page_says_who_it_is(
    stack: Stack, dana: User, page: Page, submit: Callable[[], None]
) -> None:
    log_in(page, stack)
    state = page.locator("[data-state]")
    expect(state).to_have_text("Available")
    submit()
    live = page.locator("[data-live]")
    expect(live).to_contain_text("Your phone is ringing")
    expect(page.get_by_role("heading", name="Noa Levi")).to_be_visible()
    expect(live).to_contain_text("On a <b>Friday</b>?")
    expect(live).to_contain_text("Website")
    expect(live).to_contain_text("0142")
    expect(state).to_have_text("On a call")
    expect(page).to_have_title("Your phone is ringing: Noa Levi")
    assert too_wide(page) == 0
    click_phone(stack, "1/answer", "2/answer", "2/hangup")
    expect(live).to_have_count(0)
    expect(state).to_have_text("Available")
    expect(page.locator(".call")).to_contain_text("You talked")
    assert too_wide(page) == 0


def test_a_pause_keeps_the_phone_silent_until_it_is_ended(
    stack: Stack, dana: User, page: Page, submit: Callable[[], None]
) -> None:
    log_in(page, stack)
    page.get_by_role("link", name="Pause").click()
    page.get_by_role("radio", name="30 minutes").check()
    page.get_by_role("radio", name="Lunch").check()
    assert too_wide(page) == 0
    page.get_by_role("button", name="Pause").click()
    state = page.locator("[data-state]")
    expect(state).to_contain_text("Paused until")
    expect(page.locator(".note")).to_have_text("lunch")
    submit()
    assert stack.simulator.ledger() == []
    page.get_by_role("button", name="I am available").click()
    expect(page.locator("[data-live]")).to_contain_text("Noa Levi")
    click_phone(stack, "1/reject")
    said = list(LogEntry.objects.order_by("pk").values_list("user__username", "change_message"))
    assert [user for user, _ in said] == ["dana", "dana"]
    assert said[0][1].endswith(": lunch")
    assert said[1][1] == "Un-paused"


def test_a_manager_pauses_the_phone_and_the_page_shows_it(
    stack: Stack, dana: User, page: Page
) -> None:
    log_in(page, stack)
    page.get_by_role("link", name="Pause").focus()
    Extension.objects.filter(number="101").update(is_paused=True, pause_reason="training")
    expect(page.locator("[data-state]")).to_have_text("Paused")
    expect(page.locator(".note")).to_have_text("training")
    # The focus stays where it was.
    expect(page.get_by_role("link", name="Paused")).to_be_focused()


def test_without_javascript_the_page_follows_by_refreshing(
    stack: Stack, dana: User, browser: Browser, submit: Callable[[], None]
) -> None:
    context = browser.new_context(java_script_enabled=False)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    log_in(page, stack)
    submit()
    expect(page.locator("[data-live]")).to_contain_text("Noa Levi")
    page.get_by_role("link", name="Pause").click()
    page.get_by_role("button", name="Pause").click()
    expect(page.locator(".note")).to_contain_text("will be paused after this call, until")
    click_phone(stack, "1/reject")
    context.close()


def test_who_was_logged_out_is_asked_to_log_in_again(
    stack: Stack, dana: User, browser: Browser
) -> None:
    # A page of its own, since the console complains about the refusal.
    page = browser.new_page()
    log_in(page, stack)
    page.context.clear_cookies()
    expect(page.get_by_role("button", name="Log in")).to_be_visible()
    page.context.close()
