"""The widget's whole way in each language, on another website, on a telephone, without cookies."""

from collections.abc import Callable

import pytest
from django.conf import settings
from django.utils import translation
from playwright.sync_api import Page, expect

from callbacks.models import Extension
from leads.models import Lead, LeadStatus
from tests.support import axe
from tests.support.looks import look, too_wide
from tests.support.simulator import eventually
from tests.support.stack import Stack
from tests.support.widget_frame import form

LANGUAGES = [code for code, _name in settings.LANGUAGES]


def fits(page: Page, step: str) -> None:
    """Neither the website nor the form in the dialog is wider than the telephone."""
    for shown in page.frames:
        assert too_wide(shown) == 0, (step, shown.url)


@pytest.mark.parametrize("language", LANGUAGES)
def test_from_the_button_to_the_request_taken_back(
    stack: Stack, shop: Page, embed: Callable[..., str], language: str
) -> None:
    def words(sentence: str) -> str:
        with translation.override(language):
            return translation.gettext(sentence)

    Extension.objects.update(is_paused=True)
    stack.simulator.control(mode="manual")
    shop.goto(embed(f'data-lang="{language}"'))
    shop.get_by_role("button", name=words("Call me back"), exact=True).click()
    dialog = shop.get_by_role("dialog", name=words("We will call you back"))
    expect(dialog).to_be_visible()
    page = form(shop).locator("html")
    expect(page).to_have_attribute("lang", language)
    expect(page).to_have_attribute("dir", "rtl" if language in ("he", "ar") else "ltr")
    form(shop).get_by_label(words("Name")).fill("Noa Levi")
    form(shop).get_by_label(words("Phone")).fill("050-555 0142")
    fits(shop, "form")
    look(shop, f"{language}-form")
    form(shop).get_by_role("button", name=words("Call me back")).click()

    card, heading = form(shop).locator("[data-status]"), form(shop).locator("h1")
    expect(card).to_have_attribute("data-status", "waiting")
    waiting = heading.inner_text()
    fits(shop, "waiting")
    assert [fault for shown in shop.frames for fault in axe.found(shown)] == []
    look(shop, f"{language}-waiting")
    # It is live, in the same language.
    Extension.objects.update(is_paused=False)
    expect(card).to_have_attribute("data-status", "calling")
    expect(heading).not_to_have_text(waiting)
    expect(page).to_have_attribute("lang", language)

    form(shop).get_by_role("link", name=words("Cancel this request")).click()
    form(shop).get_by_role("button", name=words("Yes, cancel it")).click()
    expect(heading).to_have_text(words("You cancelled this request"))
    fits(shop, "cancelled")
    look(shop, f"{language}-cancelled")
    eventually(lambda: Lead.objects.get().status == LeadStatus.CANCELLED)
    lead = Lead.objects.get()
    assert (lead.name, lead.language) == ("Noa Levi", language)
    assert shop.context.cookies() == []
