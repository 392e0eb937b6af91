"""Where things stand on a visitor's pages, in Chromium at 390 px, in both directions of writing."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from leads.models import Lead, LeadSource
from tests.support.chromium import PATIENCE

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("team")]
# How far each field goes on below its input.
GAPS = """() => [...document.querySelectorAll("form.card > .field:has(input)")].map(
    it => Math.round(it.getBoundingClientRect().bottom
        - it.querySelector("input").getBoundingClientRect().bottom))"""


@pytest.fixture
def page(browser: Browser, gunicorn: str, source: LeadSource) -> Iterator[Page]:
    """As wide as a telephone."""
    context = browser.new_context(base_url=gunicorn, viewport={"width": 390, "height": 844})
    context.set_default_timeout(PATIENCE)
    yield context.new_page()
    context.close()


def look(page: Page, name: str) -> None:
    """Its picture, where somebody wants to see it."""
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def left(page: Page, selector: str) -> list[float]:
    """Where each of these begins."""
    places = "all => all.map(it => it.getBoundingClientRect().left)"
    found: list[float] = page.locator(selector).evaluate_all(places)
    return found


@pytest.mark.parametrize("language", ["en", "he", "ar", "ru"])
def test_the_scores_begin_where_lines_begin(page: Page, language: str) -> None:
    page.goto(f"/contact/website/?lang={language}")
    page.locator("[name=name]").fill("Noa Levi")
    page.locator("[name=phone]").fill("050-555 0101")
    page.locator("form.card button[type=submit]").click()
    page.wait_for_selector("[data-status]")
    now = timezone.now()
    Lead.objects.update(status="connected", closed_at=now, connected_at=now)
    expect(page.locator(".scores")).to_be_visible()
    places = left(page, ".scores label")
    assert page.locator(".scores label").all_inner_texts() == ["1", "2", "3", "4", "5"]
    assert places == sorted(places, reverse=language in {"he", "ar"})
    look(page, f"scores-{language}")


@pytest.mark.parametrize("language", ["en", "he"])
def test_below_the_number_is_no_gap_while_nothing_is_said(page: Page, language: str) -> None:
    page.goto(f"/contact/website/?lang={language}")
    gaps = page.evaluate(GAPS)
    assert len(gaps) >= 3
    assert set(gaps) == {0}
    look(page, f"form-{language}")
    page.locator("[name=phone]").fill("050-555 0101")
    page.locator("[name=phone]").press("Tab")
    expect(page.locator("[data-understood]")).not_to_be_empty()
    assert max(page.evaluate(GAPS)) > 20
    look(page, f"understood-{language}")
