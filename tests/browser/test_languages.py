"""A visitor's whole way in right-to-left languages, on a telephone."""

from collections.abc import Iterator

import pytest
from django.utils import translation
from playwright.sync_api import Browser, Page, expect

from callbacks.models import Extension
from leads.models import Lead, LeadSource
from tests.support import axe
from tests.support.chromium import PATIENCE
from tests.support.looks import picture, too_wide
from tests.support.stack import Stack


@pytest.fixture
def telephone(browser: Browser) -> Iterator[Page]:
    """390 px wide. Its console may complain, as it does of a form with errors."""
    context = browser.new_context(viewport={"width": 390, "height": 844})
    context.set_default_timeout(PATIENCE)
    yield context.new_page()
    context.close()


def check(page: Page, language: str, step: str) -> None:
    """Nothing overflows, axe-core finds nothing, and numbers are written from left to right."""
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    expect(page.locator("html")).to_have_attribute("lang", language)
    assert too_wide(page) == 0, step
    for number in page.locator(".digits, input[type=tel]").all():
        assert number.evaluate("it => getComputedStyle(it).direction") == "ltr"
    picture(page, f"{language}-{step}")
    assert axe.found(page) == [], step


@pytest.mark.parametrize("language", ["he", "ar"])
def test_from_the_form_to_the_request_and_back(
    stack: Stack, telephone: Page, language: str
) -> None:
    page = telephone
    Extension.objects.update(is_paused=True)
    LeadSource.objects.update(languages_offered=["he", "ar", "ru"])
    source = LeadSource.objects.get(slug="website")
    source.texts.create(language="he", title="גגות ועוד", intro="נחזור אליכם", thanks="תודה!")

    def words(sentence: str) -> str:
        with translation.override(language):
            return translation.gettext(sentence)

    page.goto(f"{stack.url}/contact/website/")
    page.locator(f'.languages a[lang="{language}"]').click()
    check(page, language, "form")
    # The list of languages marks the current one.
    expect(page.locator(".languages [aria-current]")).to_have_attribute("lang", language)
    page.locator("[name=phone]").fill("12")
    page.locator("form.card button[type=submit]").click()
    expect(page.locator(".error").first).to_be_visible()
    check(page, language, "errors")

    page.locator("[name=name]").fill("Noa Levi")
    page.locator("[name=phone]").fill("050-555 0142")
    page.locator("form.card button[type=submit]").click()
    expect(page.locator("[data-title]")).to_have_text(words("We have your request"))
    check(page, language, "status")

    # What the page fetches by itself is in the same language.
    Extension.objects.update(is_paused=False)
    lead = Lead.objects.get()
    with page.expect_response(lambda it: "/api/leads/" in it.url) as asked:
        page.evaluate("window.dispatchEvent(new Event('online'))")
    assert asked.value.json()["language"] == language
    assert asked.value.headers["content-language"] == language

    page.goto(f"{stack.url}/contact/website/{lead.public_id}/cancel/?lang={language}")
    check(page, language, "cancel")
    page.goto(f"{stack.url}/contact/website/{lead.public_id}/never-call/?lang={language}")
    check(page, language, "never-call")
    page.goto(f"{stack.url}/widget/website/?lang={language}")
    check(page, language, "frame")
