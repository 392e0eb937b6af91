"""A program's key in a browser: made, shown once, replaced, ended."""

import requests
from playwright.sync_api import Page, expect

from leads.models import Lead, LeadSource, LeadStatus
from tests.support.looks import look
from tests.support.stack import Stack


def test_a_key_is_made_used_replaced_and_ended(stack: Stack, admin: Page) -> None:
    admin.goto(f"{stack.url}/admin/leads/apiclient/add/")
    admin.get_by_label("Name").fill("The shop's server")
    look(admin, "add")
    admin.get_by_role("button", name="Save", exact=True).click()
    expect(admin.get_by_text("Make a new key?").first).to_be_visible()
    look(admin, "asks")
    admin.get_by_role("button", name="Make it").click()
    key = admin.locator("code.secret").inner_text()
    look(admin, "shown-once")

    answer = requests.post(
        f"{stack.url}/api/leads/",
        json={"source": "website", "name": "Noa", "phone": "050-555 0101"},
        headers={"Authorization": f"Bearer {key}"},
        timeout=60,
    )
    assert answer.status_code == 201
    assert Lead.objects.get().status != LeadStatus.HELD

    admin.get_by_role("link", name="I have stored it").click()
    expect(admin.get_by_text("last used")).to_be_visible()
    admin.get_by_role("link", name="New key").click()
    expect(admin.get_by_label("Existing keys")).to_be_visible()
    look(admin, "replaces")
    admin.get_by_role("button", name="Make it").click()
    admin.get_by_role("link", name="I have stored it").click()
    expect(admin.get_by_text("never used")).to_be_visible()
    look(admin, "client")
    admin.get_by_role("link", name="End a key").click()
    expect(admin.get_by_text("End a key?").first).to_be_visible()
    look(admin, "ends")
    admin.get_by_role("button", name="End it").click()
    expect(admin.get_by_text("is refused from now on")).to_be_visible()
    admin.goto(f"{stack.url}/admin/leads/apiclient/")
    look(admin, "list")
    source = LeadSource.objects.get(slug="website")
    admin.goto(f"{stack.url}/admin/leads/leadsource/{source.pk}/change/")
    expect(admin.get_by_label("Requests from programs without an API key")).to_be_visible()
    look(admin, "source")
    admin.goto(f"{stack.url}/admin/leads/lead/{Lead.objects.get().pk}/change/")
    expect(admin.get_by_text("the API, with a key of The shop's server")).to_be_visible()
    look(admin, "lead")
