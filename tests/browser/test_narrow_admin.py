"""The admin on a telephone: pages show their whole name, and column names read like sentences."""

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from callbacks.models import CallAttempt, Extension, SpendLimit, Team
from leads.models import LeadSource
from tests.browser.test_guard_pages import requests
from tests.support.stack import Stack

# The visible parts of a page's title whose text does not fit.
CUT = """
    [...document.querySelectorAll('#header-inner h1 > *')]
        .filter(it => it.offsetParent && it.scrollWidth > it.clientWidth + 1)
        .map(it => it.innerText)
"""
# The labels beside the values of a list, or of rows within a page.
NAMES = """
    [...document.querySelectorAll('[data-label]')].filter(it => it.offsetParent)
        .map(it => getComputedStyle(it, '::before'))
        .filter(it => it.content.startsWith('"') && it.display !== 'none')
        .map(it => [it.content.slice(1, -1), it.textTransform])
"""


@pytest.fixture
def rows() -> dict[str, int]:
    lead, _joined = requests()
    now, extension = timezone.now(), Extension.objects.earliest("pk")
    CallAttempt.objects.create(
        lead=lead, extension=extension, phone=lead.phone, extension_number=extension.number,
        state="lead_no_answer", outcome="lead_no_answer", claimed_at=now, sent_at=now,
        answered_at=now, ended_at=now, hold_until=now, call_id="20261129777777",
    )  # fmt: skip
    return {
        "lead": lead.pk,
        "team": Team.objects.earliest("pk").pk,
        "source": LeadSource.objects.get(slug="website").pk,
        "limit": SpendLimit.objects.create(calls_an_hour=250).pk,
    }


PAGES = {
    "leads": "leads/lead/",
    "a lead": "leads/lead/{lead}/change/",
    "held leads": "leads/heldlead/",
    "a source": "leads/leadsource/{source}/change/",
    "a team": "callbacks/team/{team}/change/",
    "spending limits": "callbacks/spendlimit/",
    "a spending limit": "callbacks/spendlimit/{limit}/change/",
    "calls": "callbacks/callattempt/",
}


def test_titles_and_names_of_columns(stack: Stack, admin: Page, rows: dict[str, int]) -> None:
    admin.set_viewport_size({"width": 390, "height": 844})
    for name, path in PAGES.items():
        admin.goto(f"{stack.url}/admin/{path.format(**rows)}")
        expect(admin.locator("#header-inner h1 > :last-child")).to_be_visible()
        assert admin.evaluate(CUT) == [], name
        shown = admin.evaluate(NAMES)
        assert {how for _text, how in shown} <= {"none"}, name
        assert [text for text, _how in shown if text[:1] != text[:1].upper()] == [], name
        if name in {"held leads", "a lead", "spending limits", "calls"}:
            assert shown, name
