"""Positions on a visitor's pages, in Chromium at 390 px, in both directions of writing."""

from collections.abc import Iterator

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from leads.models import Lead, LeadSource
from leads.templatetags.visitor_pages import whole_numbers
from tests.support.chromium import PATIENCE
from tests.support.looks import picture, too_wide

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("team")]
# The space between each field's input and the field's lower edge.
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


def left(page: Page, selector: str) -> list[float]:
    """The left edge of each matching element."""
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
    picture(page, f"scores-{language}")


@pytest.mark.parametrize("language", ["en", "he", "ar", "ru"])
def test_a_number_in_a_sentence_stays_on_one_line(page: Page, language: str) -> None:
    page.goto(f"/contact/website/?lang={language}")
    page.locator("[name=name]").fill("Noa Levi")
    page.locator("[name=phone]").fill("12")
    page.locator("form.card button[type=submit]").click()
    numbers = page.locator(".whole")
    expect(numbers).to_have_text(["050-234-5678"] * 2)
    lines = "all => all.map(it => it.getClientRects().length)"
    for width in range(240, 400, 10):
        page.set_viewport_size({"width": width, "height": 844})
        assert numbers.evaluate_all(lines) == [1, 1]
    page.set_viewport_size({"width": 390, "height": 844})
    assert too_wide(page) == 0
    picture(page, f"number-{language}")


WHOLE = {
    "Call 050-234-5678.": "Call <span>050-234-5678</span>.",
    "\u2066+972 50-555-0101\u2069": "\u2066<span>+972 50-555-0101</span>\u2069",
    "(201) 555-0123 ext. 12": "<span>(201) 555-0123</span> ext. 12",
    "<b>'0505550101'</b>": "&lt;b&gt;&#x27;<span>0505550101</span>&#x27;&lt;/b&gt;",
    "Use at most 500 characters; you have used 501.": None,
    "'1'2'3": "&#x27;1&#x27;2&#x27;3",
}


@pytest.mark.parametrize(("sentence", "written"), WHOLE.items())
def test_what_is_a_number_in_a_sentence(sentence: str, written: str | None) -> None:
    found = whole_numbers(sentence).replace(' class="whole"', "")
    assert found == (sentence if written is None else written)


@pytest.mark.parametrize("language", ["en", "he"])
def test_below_the_number_is_no_gap_while_nothing_is_said(page: Page, language: str) -> None:
    page.goto(f"/contact/website/?lang={language}")
    gaps = page.evaluate(GAPS)
    assert len(gaps) >= 3
    assert set(gaps) == {0}
    picture(page, f"form-{language}")
    page.locator("[name=phone]").fill("050-555 0101")
    page.locator("[name=phone]").press("Tab")
    expect(page.locator("[data-understood]")).not_to_be_empty()
    assert max(page.evaluate(GAPS)) > 20
    picture(page, f"understood-{language}")
