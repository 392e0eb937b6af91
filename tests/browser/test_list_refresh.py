"""A list shows what is new by itself, and leaves alone what somebody does in it."""

from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import Page, expect

from callbacks.models import Extension
from leads.models import Lead, LeadSource
from tests.support.pressing import asked, hold
from tests.support.simulator import eventually
from tests.support.stack import Stack


def a_lead(number: int) -> Lead:
    return Lead.objects.create(
        source=LeadSource.objects.get(), name=f"Visitor {number}", phone=f"+97250555{number:04}",
        status="held", due_at=timezone.now() + timedelta(hours=1),
    )  # fmt: skip


def test_a_new_lead_stands_in_the_list_without_a_reload(stack: Stack, admin: Page) -> None:
    Extension.objects.update(is_paused=True)
    a_lead(101)
    admin.goto(f"{stack.url}/admin/leads/lead/")
    admin.evaluate("window.wasNotLoadedAgain = true")
    rows = admin.locator("#result_list tbody")
    expect(rows).to_have_count(1)
    a_lead(102)
    expect(rows).to_have_count(2)
    expect(admin.get_by_text("Visitor 102")).to_be_visible()
    # New rows can be ticked, and a ticked row stays as it is.
    admin.locator("#action-toggle").check()
    expect(admin.locator("input.action-select:checked")).to_have_count(2)
    third = a_lead(103)
    admin.locator("#action-toggle").uncheck()
    expect(rows).to_have_count(3)
    Lead.objects.filter(pk=third.pk).update(name="Changed")
    expect(admin.get_by_text("Changed")).to_be_visible()
    assert admin.evaluate("window.wasNotLoadedAgain")


def test_a_list_that_was_emptied_shows_it_although_a_row_had_been_ticked(
    stack: Stack, admin: Page
) -> None:
    Extension.objects.update(is_paused=True)
    lead = a_lead(101)
    admin.goto(f"{stack.url}/admin/leads/lead/")
    box = admin.locator("input.action-select")
    box.check()
    box.uncheck()
    lead.delete()
    expect(admin.locator("#result_list")).to_have_count(0)


def test_a_list_asks_again_only_after_an_answer(stack: Stack, admin: Page) -> None:
    """On a slow server, each further request would hold one of its threads."""
    Extension.objects.update(is_paused=True)
    a_lead(101)
    address = f"{stack.url}/admin/leads/lead/"
    admin.clock.install()
    admin.goto(address)
    held = hold(admin, address)
    admin.clock.run_for(6_000)
    asked(admin, held)
    admin.clock.run_for(30_000)
    admin.evaluate("fetch('/healthz')")  # what was asked before has been held by now
    assert len(held) == 1
    held[0].continue_()
    first = held[0].request.response()
    assert first is not None
    first.finished()

    def asks_again() -> bool:
        admin.clock.run_for(6_000)
        return len(held) == 2

    eventually(asks_again)
