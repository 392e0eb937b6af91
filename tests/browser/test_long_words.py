"""A word or an address without a space, however long, makes no page of the admin too wide."""

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone
from playwright.sync_api import Page

from callbacks.models import CallAttempt, CallNote, Extension
from leads import consent
from leads.models import Consent, Lead, LeadSource
from tests.support.looks import WIDTHS, too_wide
from tests.support.stack import Stack

WORDS = {
    "English": "https://shop.example/" + "ladders-and-lamps/" * 40,
    "Hebrew": "סולמותומנורות" * 60,
}


def a_lead(word: str) -> dict[str, int]:
    """A lead with this word in everything that people type, and in what it agreed to."""
    now, source = timezone.now(), LeadSource.objects.get(slug="website")
    text = consent.write(source, "en", word, get_user_model().objects.get().pk, now)
    assert text
    lead = Lead.objects.create(
        source=source, name=word[:100], phone="+972505550142", message=word, status="failed",
        email=f"{'noa' * 20}@{'shop' * 12}.example", error_message=word[:500],
        closed_at=now, clock_started_at=now, due_at=now,
    )  # fmt: skip
    page = "https://shop.example/" + "a" * 200
    Consent.objects.create(lead=lead, text=text, page=page, agreed_at=now)
    extension = Extension.objects.earliest("pk")
    attempt = CallAttempt.objects.create(
        lead=lead, extension=extension, phone=lead.phone, extension_number=extension.number,
        state="refused", outcome="invalid", error_code=4, error_message=word[:500],
        claimed_at=now, ended_at=now, hold_until=now, call_id="20261129" + "0" * 40,
    )  # fmt: skip
    CallNote.objects.create(attempt=attempt, lead=lead, note=word, written_at=now)
    return {"lead": lead.pk, "call": attempt.pk, "source": source.pk}


PAGES = (
    "leads/lead/{lead}/change/",
    "leads/lead/",
    "callbacks/callattempt/{call}/change/",
    "callbacks/callattempt/",
    "leads/leadsource/{source}/change/",
)


@pytest.mark.parametrize("language", WORDS)
def test_nothing_is_wider_than_the_window(stack: Stack, admin: Page, language: str) -> None:
    rows = a_lead(WORDS[language])
    wider = {}
    for path in PAGES:
        for width in WIDTHS:
            admin.set_viewport_size({"width": width, "height": 900})
            admin.goto(f"{stack.url}/admin/{path.format(**rows)}")
            admin.evaluate("document.querySelectorAll('details').forEach(it => it.open = true)")
            wider[path, width] = too_wide(admin)
    assert {where: pixels for where, pixels in wider.items() if pixels} == {}
