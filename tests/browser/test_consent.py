"""Consent in Chromium: written by a manager, agreed to by a visitor, told on the lead."""

from django.contrib.auth import get_user_model
from django.utils import timezone
from playwright.sync_api import Page, expect

from leads import consent
from leads.models import Consent, LeadSource
from tests.support.looks import look
from tests.support.stack import Stack

SHORT = "You may call me about my request, also in the evening."
LONG = "What we do with your request.\n\n" + "We keep it until it is settled. " * 300


def test_a_manager_writes_it_and_a_visitor_agrees(stack: Stack, admin: Page) -> None:
    source = LeadSource.objects.get(slug="website")
    address = f"{stack.url}/admin/leads/leadsource/{source.pk}/change/"
    admin.goto(address)
    admin.get_by_label("Require consent").check()
    admin.locator("[name=privacy_url]").fill("shop.example/privacy")
    admin.locator("[name=consent_texts-0-language]").fill("en")
    admin.locator("[name=consent_texts-0-text]").fill("A first text")
    admin.get_by_role("button", name="Save and continue editing").click()
    expect(admin.get_by_text("Shown to visitors")).to_be_visible()
    admin.locator("[name=consent_texts-0-text]").fill(SHORT)
    admin.get_by_role("button", name="Save and continue editing").click()
    expect(
        admin.get_by_text("Replaced; visitors who had the form open may still agree")
    ).to_be_visible()

    visitor = admin.context.new_page()  # whose console may say that the form came back: 422
    visitor.goto(f"{stack.url}/contact/website/")
    box = visitor.get_by_role("checkbox", name=SHORT)
    expect(box).not_to_be_checked()
    look(visitor, "form")
    visitor.get_by_label("Name").fill("Noa Levi")
    visitor.get_by_label("Phone").fill("050-555 0101")
    visitor.get_by_role("button", name="Call me back").click()
    visitor.get_by_role("link", name="We need your consent before we can call you.").click()
    expect(box).to_be_focused()
    expect(box).to_have_accessible_description("We need your consent before we can call you.")
    expect(visitor.get_by_label("Name")).to_have_value("Noa Levi")
    look(visitor, "form-error")
    visitor.keyboard.press("Space")
    expect(box).to_be_checked()
    visitor.get_by_role("button", name="Call me back").click()
    visitor.wait_for_url("**/contact/website/*-*/")
    visitor.close()
    kept = Consent.objects.get()
    assert (kept.text.text, kept.page) == (SHORT, f"{stack.url}/contact/website/")

    admin.goto(f"{stack.url}/admin/leads/lead/{kept.lead_id}/change/")
    admin.get_by_text("version 2, English").click()
    expect(admin.get_by_text(SHORT)).to_be_visible()
    look(admin, "lead")
    admin.goto(address)
    look(admin, "source")
    admin.get_by_role("link", name="Withdraw").first.click()
    button = admin.get_by_role("button", name="Withdraw")
    expect(button).to_be_visible()
    look(admin, "withdraw")
    button.click()
    expect(admin.get_by_text("Withdrawn: version 2, English.")).to_be_visible()


def test_a_long_text_scrolls_by_keyboard_and_stands_on_its_own_side(
    stack: Stack, page: Page
) -> None:
    source = LeadSource.objects.get(slug="website")
    by = get_user_model().objects.create_user("writer").pk
    consent.write(source, "en", LONG, by, timezone.now())
    page.goto(f"{stack.url}/contact/website/")
    text = page.get_by_role("region", name="What you agree to")
    text.focus()
    page.keyboard.press("End")
    expect(text).not_to_have_js_property("scrollTop", 0)
    expect(page.get_by_role("checkbox", name="I have read this text")).not_to_be_checked()
    look(page, "form-long")
    consent.write(
        source, "en", "מותר להתקשר אליי בעניין הפנייה, <b>גם</b> בערב.", by, timezone.now()
    )
    page.goto(f"{stack.url}/contact/website/")
    expect(page.get_by_role("checkbox", name="<b>")).not_to_be_checked()
    look(page, "form-hebrew")
