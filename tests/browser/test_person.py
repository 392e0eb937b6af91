"""A person's data in a browser: looked up, asked about, erased; the receipt."""

from datetime import timedelta
from pathlib import Path

from django.utils import timezone
from playwright.sync_api import Page, expect

from callbacks.models import CallAttempt, CallNote, Erasure, Extension
from leads.models import Lead, LeadSource
from tests.support.looks import look
from tests.support.simulator import eventually
from tests.support.stack import Stack

NUMBER = "+972505550142"


def a_lead_with_a_call() -> None:
    now = timezone.now()
    lead = Lead.objects.create(
        source=LeadSource.objects.get(slug="website"), name="דנה בר", phone=NUMBER,
        email="dana@example.com", message="Please ring in the morning. " * 12,
        status="connected", connected_at=now, closed_at=now, clock_started_at=now, due_at=now,
    )  # fmt: skip
    extension = Extension.objects.first()
    assert extension
    attempt = CallAttempt.objects.create(
        lead=lead, extension=extension, phone=NUMBER, extension_number=extension.number,
        state="bridged", outcome="bridged", claimed_at=now, connected_at=now, ended_at=now,
        hold_until=now, call_id="20261128120000aabbccddeeff", talk_time=65,
        recording_url="https://recordings.example.com/a/long/address/7.mp3",
    )  # fmt: skip
    CallNote.objects.create(attempt=attempt, lead=lead, note="Wants a ladder", written_at=now)


def test_a_person_is_looked_up_and_erased(stack: Stack, admin: Page) -> None:
    a_lead_with_a_call()
    admin.goto(f"{stack.url}/admin/person/")
    look(admin, "empty")
    admin.get_by_label("Number").fill("050-555 0142")
    admin.get_by_role("button", name="Look up").click()
    expect(admin.get_by_text("Wants a ladder")).to_be_visible()
    look(admin, "found")
    with admin.expect_download() as taken:
        admin.get_by_role("button", name="Download as HTML").click()
    assert "דנה בר" in Path(taken.value.path()).read_text()
    admin.get_by_role("button", name="Erase").click()
    expect(admin.get_by_text("Erase all data of this person?")).to_be_visible()
    look(admin, "asks")
    admin.get_by_role("button", name="Erase permanently").click()
    admin.wait_for_url("**/admin/callbacks/erasure/*/change/")
    done = admin.get_by_text("Everything about this person is erased")
    expect(done.or_(admin.get_by_text("The erasure has begun"))).to_be_visible()
    # On a slow machine the page leaves the erasure to the sweep.
    eventually(Erasure.objects.exclude(finished_at=None).exists)
    admin.reload()
    expect(admin.get_by_text("finished", exact=True)).to_be_visible()
    look(admin, "receipt")
    lead = Lead.objects.get(email="", name="")
    for address in (f"{lead.pk}/change/", ""):
        admin.goto(f"{stack.url}/admin/leads/lead/{address}")
        expect(admin.get_by_text("erased", exact=True).first).to_be_visible()


def test_a_source_says_what_becomes_of_its_leads(stack: Stack, admin: Page) -> None:
    a_lead_with_a_call()
    source = LeadSource.objects.get(slug="website")
    now = timezone.now()
    Lead.objects.update(submitted_at=now - timedelta(days=40), closed_at=now - timedelta(days=40))
    admin.goto(f"{stack.url}/admin/leads/leadsource/{source.pk}/change/")
    admin.get_by_label("Kept for (days)").fill("30")
    admin.get_by_role("button", name="Save and continue editing").click()
    expect(admin.get_by_text("1 lead will be made anonymous on")).to_be_visible()
    look(admin, "source")
    admin.goto(f"{stack.url}/admin/leads/lead/{Lead.objects.get().pk}/legal-hold/")
    admin.get_by_label("Reason").fill("A dispute about a ladder")
    look(admin, "hold")
    admin.get_by_role("button", name="Place the legal hold").click()
    expect(admin.get_by_text("A dispute about a ladder")).to_be_visible()
