"""A late answer undoes nothing that somebody did in the meantime."""

from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import Page, expect

from callbacks.models import Extension
from leads.models import Lead, LeadSource
from tests.support.pressing import answer, asked, hold
from tests.support.simulator import eventually
from tests.support.stack import Stack

PROGRESS = "**/admin/exports/*/"


def a_lead() -> Lead:
    return Lead.objects.create(
        source=LeadSource.objects.get(), name="Noa Cohen", phone="+972505550101", status="held",
        due_at=timezone.now() + timedelta(hours=1),
    )  # fmt: skip


def test_the_first_row_of_a_list_keeps_what_is_typed_into_the_search(
    stack: Stack, admin: Page
) -> None:
    """An empty list reloads once it has rows."""
    Extension.objects.update(is_paused=True)
    address = f"{stack.url}/admin/leads/lead/"
    admin.goto(address)
    held = hold(admin, address)
    asked(admin, held)
    a_lead()
    search = admin.locator("[name=q]")
    search.fill("Levi")
    answer(admin, address, held)
    expect(search).to_have_value("Levi")


def test_an_export_says_nothing_of_the_one_before_it(stack: Stack, admin: Page) -> None:
    Extension.objects.update(is_paused=True)
    a_lead()
    admin.goto(f"{stack.url}/admin/leads/lead/")
    said, csv = admin.locator("form.export .progress"), admin.get_by_role("button", name="CSV")
    held = hold(admin, PROGRESS)
    with admin.expect_download():
        csv.click()
    asked(admin, held)
    with admin.expect_download():
        csv.click()
    eventually(lambda: admin.evaluate("1") and len(held) == 2)
    with admin.expect_response(PROGRESS):
        held[0].fulfill(json={"state": "under_way", "written": 4711, "rows": 4712})
    admin.wait_for_timeout(300)
    expect(said).to_be_empty()
    held[1].continue_()
    expect(said).not_to_be_empty()
    expect(said).not_to_contain_text("4")
