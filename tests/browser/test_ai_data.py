"""What the provider's AI made of a talk, from the provider to the lead's page in a browser."""

import requests
from playwright.sync_api import Page, expect

from callbacks.models import AiData, CallAttempt
from leads.models import Lead
from tests.support.looks import look
from tests.support.simulator import eventually
from tests.support.stack import Stack


def test_a_manager_reads_what_was_said_and_unfolds_the_transcript(
    stack: Stack, admin: Page
) -> None:
    stack.simulator.control(ai_data="hebrew", ai_data_after=0.2)
    lead = {"source": "website", "name": "Noa Levi", "phone": "0505550142"}
    assert requests.post(f"{stack.url}/api/leads/", json=lead, timeout=30).status_code == 201
    eventually(AiData.objects.exists, 60)
    attempt = CallAttempt.objects.get()
    assert attempt.state == "bridged"

    admin.goto(f"{stack.url}/admin/leads/lead/{Lead.objects.get().pk}/change/")
    heard = admin.locator(".heard")
    summary = heard.locator(".heard-summary")
    expect(summary).to_contain_text("נועה שאלה על משלוח לחיפה")
    assert summary.evaluate("it => getComputedStyle(it).direction") == "rtl"
    said = heard.get_by_text("אתם מגיעים לחיפה?")
    expect(said).to_be_hidden()
    heard.get_by_text("Transcript").click()
    expect(said).to_be_visible()
    look(admin, "ai-data")
