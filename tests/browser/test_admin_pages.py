"""The admin's pages work under their Content-Security-Policy: `page` fails on any complaint."""

import pytest
from playwright.sync_api import Page, expect

from leads.models import Lead
from tests.support.looks import look
from tests.support.stack import Stack


@pytest.mark.parametrize(
    "address",
    [
        "/admin/",
        "/admin/leads/lead/",
        "/admin/leads/leadsource/add/",
        "/admin/callbacks/extension/",
        "/admin/callbacks/extension/add/",
        "/admin/callbacks/team/add/",
        "/admin/callbacks/schedule/add/",
        "/admin/callbacks/callattempt/",
        "/admin/callbacks/callrecord/",
        "/admin/reports/callback-times/?period=7",
        "/admin/who-rings/?source=website&at=2026-03-27+01:55",
        "/admin/auth/user/",
    ],
)
def test_a_page_opens_without_a_complaint(address: str, stack: Stack, admin: Page) -> None:
    admin.goto(f"{stack.url}{address}")
    admin.wait_for_load_state("networkidle")
    look(admin, address.partition("?")[0].strip("/").replace("/", "-"))


def test_a_manager_finds_a_lead_filters_and_has_it_called(stack: Stack, admin: Page) -> None:
    stack.simulator.control(extensions={"101": "offline", "102": "offline"})
    admin.goto(f"{stack.url}/contact/website/")
    admin.get_by_label("Name").fill("Noa Levi")
    admin.get_by_label("Phone").fill("050-555 0101")
    admin.get_by_role("button").click()
    expect(admin.locator("[data-status]")).to_be_visible()
    lead = Lead.objects.get()

    admin.goto(f"{stack.url}/admin/leads/lead/?q=0505550101")
    admin.get_by_text("Filters", exact=False).first.click()
    admin.get_by_label("Overdue, not rung yet").check()
    admin.get_by_role("button", name="Apply Filters").click()
    expect(admin.get_by_text("Noa Levi")).to_have_count(0)

    Lead.objects.filter(pk=lead.pk).update(status="cancelled", closed_at=lead.submitted_at)
    admin.goto(f"{stack.url}/admin/leads/lead/?q=0505550101")
    admin.get_by_role("link", name="Noa Levi").click()
    admin.get_by_role("link", name="Call now").click()
    admin.get_by_role("button", name="Call now").click()
    expect(
        admin.get_by_text("The lead will be called as soon as a salesperson is free.")
    ).to_be_visible()
    expect(admin.get_by_text("admin: Call now")).to_be_visible()
