"""The result of a talk, on a telephone: one tap, a note that no refresh clears, and a time."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from callbacks.models import CallNote
from leads.models import Disposition, Lead
from tests.browser.test_desk import click_phone, dana, log_in, submit
from tests.support.chromium import PATIENCE
from tests.support.looks import too_wide
from tests.support.simulator import eventually
from tests.support.stack import Stack

__all__ = ["dana", "submit"]
pytestmark = pytest.mark.usefixtures("dispositions", "dana")
THUMB = 48  # pixels


def talk(stack: Stack, page: Page, submit: Callable[[], None]) -> None:
    """Dana's page, while she talks with Noa."""
    log_in(page, stack)
    submit()
    click_phone(stack, "1/answer", "2/answer")
    expect(page.locator("form.talk")).to_contain_text("This call · Noa Levi")


def hang_up(stack: Stack, page: Page) -> None:
    click_phone(stack, "2/hangup")
    expect(page.locator(".call")).to_contain_text("You talked")


@pytest.fixture
def on_a_call(stack: Stack, page: Page, submit: Callable[[], None]) -> Page:
    talk(stack, page, submit)
    return page


def test_a_note_that_is_being_typed_outlasts_the_end_of_the_call(
    stack: Stack, on_a_call: Page
) -> None:
    page, note = on_a_call, on_a_call.get_by_label("Note")
    note.fill("wants the blue one, ")
    hang_up(stack, page)
    expect(note).to_be_focused()
    note.press_sequentially("size 42")
    expect(note).to_have_value("wants the blue one, size 42")
    assert too_wide(page) == 0
    page.get_by_role("button", name="Interested", exact=True).click()
    expect(page.get_by_text("Saved: Interested.")).to_be_visible()
    expect(page.locator("form.talk")).to_have_count(0)
    expect(page.locator(".call")).to_contain_text("wants the blue one, size 42")
    assert Lead.objects.get().disposition == Disposition.objects.get(name="Interested")


def test_every_button_is_big_enough_for_a_thumb(stack: Stack, on_a_call: Page) -> None:
    buttons = on_a_call.locator(".choice-button")
    assert buttons.count() >= 9
    sizes = [it.bounding_box() for it in buttons.all()]
    assert all(box and box["height"] >= THUMB and box["width"] >= THUMB for box in sizes)
    assert too_wide(on_a_call) == 0
    hang_up(stack, on_a_call)


def test_a_call_that_is_planned_with_the_keyboard_alone(stack: Stack, on_a_call: Page) -> None:
    page = on_a_call
    note = page.get_by_label("Note")
    note.focus()
    page.keyboard.type("call her then")
    for _ in range(30):
        page.keyboard.press("Tab")
        if "Tomorrow morning" in page.evaluate("document.activeElement.textContent"):
            break
    page.keyboard.press("Enter")
    expect(page.get_by_text("Saved: Call again.")).to_be_visible()
    written = CallNote.objects.get()
    assert (written.note, written.is_pending) == ("call her then", True)
    hang_up(stack, page)
    eventually(lambda: Lead.objects.filter(follow_up_of__isnull=False).exists())


def test_another_time_keeps_the_note(
    stack: Stack, browser: Browser, submit: Callable[[], None]
) -> None:
    # A page of its own, since the console complains about the refused form.
    context = browser.new_context(viewport={"width": 390, "height": 844})
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    talk(stack, page, submit)
    page.get_by_label("Note").fill("in the afternoon")
    page.get_by_role("button", name="Another time…").click()
    expect(page.get_by_text("Choose when to call again.")).to_be_visible()
    expect(page.get_by_label("Note")).to_have_value("in the afternoon")
    # Enter in this field chooses only the time in it.
    when = page.get_by_label("Call again at")
    when.fill("2020-01-01T10:00")
    when.press("Enter")
    expect(page.get_by_text("This time has passed.")).to_be_visible()
    assert too_wide(page) == 0
    page.get_by_role("button", name="In an hour").click()
    expect(page.get_by_text("Saved: Call again.")).to_be_visible()
    hang_up(stack, page)
    context.close()


def test_without_javascript_it_is_a_plain_form(
    stack: Stack, browser: Browser, submit: Callable[[], None]
) -> None:
    context = browser.new_context(java_script_enabled=False)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    log_in(page, stack)
    submit()
    click_phone(stack, "1/answer", "2/answer")
    # The page reloads itself, so the note is written on another page.
    page.get_by_role("link", name="Write a note").click()
    page.get_by_label("Note").fill("typed without script")
    page.get_by_role("button", name="Not interested").click()
    expect(page.get_by_text("Saved: Not interested.")).to_be_visible()
    assert CallNote.objects.get().note == "typed without script"
    hang_up(stack, page)
    context.close()
