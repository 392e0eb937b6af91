"""The wallboard on a television and a telephone: it counts, says when it is old, and recovers."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from callbacks.models import Extension, Wallboard
from leads import intake
from leads.models import Lead, LeadSource
from tests.support.chromium import PATIENCE
from tests.support.looks import too_wide
from tests.support.stack import Stack


@pytest.fixture
def board(stack: Stack) -> Wallboard:
    """A wallboard; all phones are paused, so that no lead is called."""
    Extension.objects.update(is_paused=True)
    return Wallboard.objects.create(name="Sales floor", shows_first_names=True)


def wait_for_a_call(name: str, seconds: int, target: int = 60) -> Lead:
    """A lead that has waited for this long."""
    source = LeadSource.objects.get(slug="website")
    lead = intake.store(
        intake.Submission(
            source=source, key=uuid.uuid4(), name=name, phone=f"+97250555{100 + seconds % 900:04}"
        )
    )
    since = timezone.now() - timedelta(seconds=seconds)
    Lead.objects.filter(pk=lead.pk).update(
        submitted_at=since, clock_started_at=since, call_after=since, waiting_since=since,
        due_at=since + timedelta(seconds=target),
    )  # fmt: skip
    return lead


def test_it_counts_the_seconds_and_shows_who_is_late(
    stack: Stack, board: Wallboard, page: Page
) -> None:
    # Waits of minutes, so that a busy machine shows them before the next colour begins.
    wait_for_a_call("Noa Levi", 750, target=600)
    wait_for_a_call("דנה כהן", 400, target=600)
    wait_for_a_call("Omer", 5, target=600)
    page.goto(f"{stack.url}/wallboard/{board.token}/")
    rows = page.locator("[data-list] li")
    expect(rows).to_have_count(3)
    expect(rows.nth(0)).to_have_class("late")
    expect(rows.nth(0)).to_contain_text("late")
    expect(rows.nth(1)).to_have_class("soon")
    expect(rows.nth(1).locator(".who")).to_contain_text("דנה")
    expect(rows.nth(2)).to_have_class("good")
    expect(page.locator("body")).not_to_contain_text("Levi")
    shown = rows.nth(2).locator(".since")
    before = shown.inner_text()
    expect(shown).not_to_have_text(before)
    assert too_wide(page) == 0
    page.set_viewport_size({"width": 1920, "height": 1080})
    assert too_wide(page) == 0
    assert page.locator("html").evaluate("it => it.scrollHeight <= innerHeight")


def test_a_lost_network_is_said_and_it_comes_back_by_itself(
    stack: Stack, board: Wallboard, browser: Browser
) -> None:
    context = browser.new_context(timezone_id="America/New_York")
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    try:
        page.goto(f"{stack.url}/wallboard/{board.token}/")
        expect(page.locator(".nobody")).to_be_visible()
        shown = page.locator("[data-clock]").inner_text()
        here = timezone.localtime()  # the site's clock, not the screen's
        assert shown[:2] in {f"{at:%H}" for at in (here, here - timedelta(minutes=5))}
        context.set_offline(True)
        expect(page.locator(".lost")).to_contain_text("No connection. Last updated:")
        expect(page.locator("main")).to_have_class("old")
        wait_for_a_call("Noa", 5)
        context.set_offline(False)
        expect(page.locator("[data-list] li")).to_have_count(1)
        expect(page.locator(".lost")).to_have_text("")
        Wallboard.objects.update(withdrawn_at=timezone.now())
        expect(page.locator(".lost")).to_contain_text("This link has been withdrawn")
        expect(page.locator("main")).to_be_hidden()
    finally:
        context.close()
